"""A day of smpclient's life on one board: prints what it saw as JSON."""

import asyncio
import json
import sys

from smpclient import SMPClient
from smpclient.generics import error, success
from smpclient.requests.file_management import FileClose, FileHashChecksum, FileStatus
from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead
from smpclient.requests.shell_management import Execute
from smpclient.transport.serial import SMPSerialTransport


async def main() -> None:
    port, key_hex, certificate_hex = sys.argv[1:4]
    key, certificate = bytes.fromhex(key_hex), bytes.fromhex(certificate_hex)
    seen = {}
    async with SMPClient(SMPSerialTransport(), port) as client:
        echo = await client.request(EchoWrite(d="Hello"))
        seen["echo"] = echo.r if success(echo) else str(echo)
        parameters = await client.request(MCUMgrParametersRead())
        seen["buf_size"] = parameters.buf_size if success(parameters) else str(parameters)
        made = await client.request(Execute(argv=["fs", "mkdir", "/lfs1/credentials"]))
        seen["mkdir"] = made.ret if success(made) else str(made)
        identity = await client.request(Execute(argv=["hwinfo", "devid"]))
        seen["devid"] = identity.o if success(identity) else str(identity)
        for name, content in (("key", key), ("crt", certificate)):
            path = f"/lfs1/credentials/{name}.der"
            async for _ in client.upload_file(content, path):
                pass
            status = await client.request(FileStatus(name=path))
            seen[f"{name}_size"] = status.len if success(status) else str(status)
            digest = await client.request(FileHashChecksum(name=path, type="sha256"))
            seen[f"{name}_sha256"] = bytes(digest.output).hex() if success(digest) else str(digest)
            seen[f"{name}_hex"] = (await client.download_file(path)).hex()
        missing = await client.request(FileStatus(name="/lfs1/none"))
        seen["missing"] = missing.err.rc if error(missing) else str(missing)
        closed = await client.request(FileClose())
        seen["close"] = success(closed)
    print(json.dumps(seen))


asyncio.run(main())
