"""A key and a certificate written and read back by another client; prints the milliseconds it took.

Arguments: smpclient | mcumgr-toolkit | mcumgr-toolkit-default, port, bytes of the certificate.
"""

import asyncio
import sys
import time

KEY = bytes((i * 7) & 255 for i in range(121))
CERTIFICATE = bytes((i * 13) & 255 for i in range(int(sys.argv[3])))
FILES = {"/lfs1/key.der": KEY, "/lfs1/crt.der": CERTIFICATE}


async def smpclient(port: str) -> float:
    from smpclient import SMPClient
    from smpclient.transport.serial import SMPSerialTransport

    client = SMPClient(SMPSerialTransport(), port)
    await client.connect()
    start = time.perf_counter()
    for path, content in FILES.items():
        async for _ in client.upload_file(content, path):
            pass
    for path, content in FILES.items():
        assert await client.download_file(path) == content
    return time.perf_counter() - start


def mcumgr_toolkit(port: str, auto: bool) -> float:
    from mcumgr_toolkit import MCUmgrClient

    client = MCUmgrClient.serial(port)
    client.check_connection()
    if auto:
        client.use_auto_frame_size()
    start = time.perf_counter()
    for path, content in FILES.items():
        client.fs_file_upload(path, content)
    for path, content in FILES.items():
        assert client.fs_file_download(path) == content
    return time.perf_counter() - start


peer, port, _ = sys.argv[1:]
if peer == "smpclient":
    seconds = asyncio.run(smpclient(port))
else:
    seconds = mcumgr_toolkit(port, auto=peer == "mcumgr-toolkit")
print(seconds * 1000)
