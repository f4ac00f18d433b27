"""What every generated client must do, one line each."""
import json
import os
import time

import provisioning_client as p
from provisioning_client.rest import ApiException

client = p.ApiClient(p.Configuration(host=os.environ["API"]))
print("health:", p.SystemApi(client).get_health().status.lower().split(".")[-1])
workflow = {
    "name": "generated",
    "version": "1.0.0",
    "operations": [{"id": "say", "type": "command", "config": {"command": "true"}}],
}
submission = p.WorkflowsApi(client).submit_workflow(workflow).data
print("submitted:", submission.status)
tasks = p.TasksApi(client)
status = ""
for _ in range(600):
    status = tasks.get_task_status(submission.task_id).data.status.value
    if status in ("Completed", "Failed", "Cancelled"):
        break
    time.sleep(0.1)
print("status:", status)
print("total:", len(tasks.list_tasks(limit=10).data))


def refused(call):
    try:
        call()
        return "accepted"
    except ApiException as error:
        return f"{error.status} {json.loads(error.body)['error']['code']}"


print("unknown task:", refused(lambda: tasks.get_task_status("nope")))
print("bad body:", refused(lambda: p.WorkflowsApi(client).submit_workflow({"operations": "x"})))
