# SPDX-License-Identifier: Apache-2.0
"""A proxy that takes CONNECT to any host, tells which, and leads to one port of this machine: so that a test sees the vendor's own
host names, and reaches nobody else."""
import asyncio


async def copy(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def carry(port, hosts, reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
        return
    method, target, _ = head.split("\r\n")[0].split(" ")
    hosts.append(target)
    if method != "CONNECT":
        writer.write(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        return
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer), return_exceptions=True)


async def serve(port, hosts):
    """Gives the proxy's port."""
    server = await asyncio.start_server(lambda reader, writer: carry(port, hosts, reader, writer), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]
