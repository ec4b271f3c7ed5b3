#!/usr/bin/env python3
"""A narrow line: passes connections on, so many bytes a second for all of them together in each direction.

usage: tests/servers/line.py RATE PORT TO-PORT      both on 127.0.0.1
"""

import asyncio
import sys

RATE, PORT, TO = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
PIECE = 16384


class Direction:
    """Everybody's pieces one after another, in the order in which they came."""

    free = 0.0

    async def carry(self, reader, writer):
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(PIECE):
                self.free = max(self.free, loop.time()) + len(data) / RATE
                await asyncio.sleep(self.free - loop.time())
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


there, back = Direction(), Direction()


async def accept(reader, writer):
    to_reader, to_writer = await asyncio.open_connection("127.0.0.1", TO)
    await asyncio.gather(there.carry(reader, to_writer), back.carry(to_reader, writer), return_exceptions=True)


async def main():
    server = await asyncio.start_server(accept, "127.0.0.1", PORT)
    await server.serve_forever()


asyncio.run(main())
