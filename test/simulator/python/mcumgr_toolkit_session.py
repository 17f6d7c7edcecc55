"""The same with Rust's mcumgr-toolkit, through its Python binding."""

import json
import sys

from mcumgr_toolkit import MCUmgrClient

port, key_hex, certificate_hex = sys.argv[1:4]
seen = {}
with MCUmgrClient.serial(port, 115200, 2000) as client:
    client.use_auto_frame_size()
    client.check_connection()
    seen["echo"] = client.os_echo("Hello")
    seen["buf_size"] = client.os_mcumgr_parameters().buf_size
    seen["groups"] = sorted(client.enum_get_group_ids())
    seen["info"] = client.os_application_info("i")
    seen["mkdir"] = client.shell_execute(["fs", "mkdir", "/lfs1/credentials"])[0]
    for name, content in (("key", key_hex), ("crt", certificate_hex)):
        path = f"/lfs1/credentials/{name}.der"
        client.fs_file_upload(path, bytes.fromhex(content))
        seen[f"{name}_size"] = client.fs_file_status(path).length
        seen[f"{name}_sha256"] = bytes(client.fs_file_checksum(path, "sha256").output).hex()
        seen[f"{name}_hex"] = bytes(client.fs_file_download(path)).hex()
    client.fs_file_close()
print(json.dumps(seen))
