"""Creates the servers of an infrastructure and waits for them: `quickstart.py [infra] [--check]`."""

import asyncio
import os
import sys

from provisioning_client.client import ProvisioningAPIError, ProvisioningClient, TaskStatus


async def main(infra: str, check: bool) -> int:
    async with ProvisioningClient(
        os.environ.get("PROVISIONING_API_URL", "http://localhost:9090"),
        username=os.environ.get("PROVISIONING_USERNAME"),
        password=os.environ.get("PROVISIONING_PASSWORD"),
    ) as client:
        try:
            task_id = await client.create_server_workflow(infra=infra, check_mode=check)
            print(f"Task: {task_id}")
            task = await client.wait_for_task_completion(task_id, poll_interval=1)
        except ProvisioningAPIError as error:
            print(f"Error: {error}", file=sys.stderr)
            return 1
    print(task.status.value)
    if task.status is not TaskStatus.COMPLETED:
        print(task.error, file=sys.stderr)
        return 1
    print(task.output or "")
    return 0


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--check"]
    sys.exit(asyncio.run(main(words[0] if words else "production", "--check" in sys.argv)))
