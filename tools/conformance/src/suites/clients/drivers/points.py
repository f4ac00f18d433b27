"""The Python client behind commands as JSON lines."""

import asyncio
import dataclasses
import inspect
import json
import logging
import sys
import traceback

from provisioning_client.client import ProvisioningAPIError, ProvisioningClient, verify_webhook

log: list[str] = []


class Keep(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log.append(self.format(record))


logging.basicConfig(level=logging.DEBUG, handlers=[Keep()])
state: dict = {"client": None, "events": []}


def plain(value):
    return {**dataclasses.asdict(value), "status": value.status.value} if dataclasses.is_dataclass(value) else value


async def new(base_url, **options):
    if state["client"] is not None:
        await state["client"].close()
    state["events"] = []
    state["client"] = ProvisioningClient(base_url, **options)
    state["client"].on_event(lambda event: state["events"].append(event.id))


async def task(id):
    return plain(await state["client"].get_task_status(id))


async def many(id, times):
    return [plain(one) for one in await asyncio.gather(*(state["client"].get_task_status(id) for _ in range(times)))]


async def create_server(config):
    return await state["client"].create_server_workflow(**config)


async def defaults():
    parameters = inspect.signature(ProvisioningClient.wait_for_task_completion).parameters
    return {"timeout": parameters["timeout"].default, "poll": parameters["poll_interval"].default}


async def wait(id, timeout, poll):
    return plain(await state["client"].wait_for_task_completion(id, timeout, poll))


async def tasks(limit):
    return [one.id async for one in state["client"].iterate_tasks(limit=limit)]


async def version():
    return await state["client"].negotiate_version()


async def connect(types):
    await state["client"].connect_websocket(types)


async def events(count):
    while len(state["events"]) < count:
        await asyncio.sleep(0.005)
    return state["events"]


async def disconnect():
    await state["client"].disconnect_websocket()


async def batch(config):
    return await state["client"].execute_batch_operation(config)


async def cancelled_wait(id, after):
    waiting = asyncio.ensure_future(state["client"].wait_for_task_completion(id, 0, 0.05))
    await asyncio.sleep(after)
    waiting.cancel()
    return plain(await waiting)


async def described():
    client = state["client"]
    return "\n".join([*log, repr(client), str(vars(client)), repr(client._transport.session)])


async def webhook(body, headers, secret, now):
    return verify_webhook(body, headers, secret, now=now)


async def answer(line):
    command = json.loads(line)
    told = {"id": command["id"]}
    try:
        told["ok"] = await globals()[command["op"]](**command["args"])
    except asyncio.CancelledError:
        told["error"] = {"type": "Cancelled"}
    except Exception as error:
        log.append(traceback.format_exc())
        fields = vars(error) if isinstance(error, ProvisioningAPIError) else {}
        told["error"] = {"type": type(error).__name__, "message": str(error), **fields}
    print(json.dumps(told), flush=True)


async def main():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    running = set()
    while line := await reader.readline():
        running.add(one := asyncio.ensure_future(answer(line)))
        one.add_done_callback(running.discard)


asyncio.run(main())
