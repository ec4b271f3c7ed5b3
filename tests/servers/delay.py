#!/usr/bin/env python3
"""A server that is further away: passes connections on, and each byte so many milliseconds later in each direction.

usage: tests/servers/delay.py MILLISECONDS PORT TO-PORT      both on 127.0.0.1
"""

import asyncio
import sys

DELAY, PORT, TO = float(sys.argv[1]) / 1000, int(sys.argv[2]), int(sys.argv[3])


async def carry(reader, writer):
    loop = asyncio.get_running_loop()
    while data := await reader.read(65536):
        # Timers of the same delay fire in the order in which they were set.
        loop.call_later(DELAY, writer.write, data)
    loop.call_later(DELAY, writer.close)


async def accept(reader, writer):
    to_reader, to_writer = await asyncio.open_connection("127.0.0.1", TO)
    await asyncio.gather(carry(reader, to_writer), carry(to_reader, writer), return_exceptions=True)


async def main():
    server = await asyncio.start_server(accept, "127.0.0.1", PORT)
    await server.serve_forever()


asyncio.run(main())
