// What every generated client must do, one line each.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	provisioning "github.com/provisioning-systems/go-client"
)

func refused(response *http.Response, err error) string {
	if err == nil {
		return "accepted"
	}
	var body struct{ Error struct{ Code string } }
	failure, ok := err.(*provisioning.GenericOpenAPIError)
	if !ok || response == nil {
		return err.Error()
	}
	_ = json.Unmarshal(failure.Body(), &body)
	return fmt.Sprintf("%d %s", response.StatusCode, body.Error.Code)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	configuration := provisioning.NewConfiguration()
	configuration.Servers = provisioning.ServerConfigurations{{URL: os.Getenv("API")}}
	client := provisioning.NewAPIClient(configuration)
	ctx := context.Background()
	health, _, err := client.SystemAPI.GetHealth(ctx).Execute()
	must(err)
	fmt.Println("health:", health.Status)
	operation := map[string]interface{}{
		"id": "say", "type": "command", "config": map[string]interface{}{"command": "true"},
	}
	workflow := map[string]interface{}{
		"name": "generated", "version": "1.0.0", "operations": []interface{}{operation},
	}
	submitted, _, err := client.WorkflowsAPI.SubmitWorkflow(ctx).RequestBody(workflow).Execute()
	must(err)
	fmt.Println("submitted:", submitted.Data.Status)
	status := provisioning.TaskStatus("")
	for attempt := 0; attempt < 600; attempt++ {
		task, _, err := client.TasksAPI.GetTaskStatus(ctx, submitted.Data.TaskId).Execute()
		must(err)
		status = task.Data.Status
		if status == "Completed" || status == "Failed" || status == "Cancelled" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println("status:", status)
	list, _, err := client.TasksAPI.ListTasks(ctx).Limit(10).Execute()
	must(err)
	fmt.Println("total:", len(list.Data))
	_, response, err := client.TasksAPI.GetTaskStatus(ctx, "nope").Execute()
	fmt.Println("unknown task:", refused(response, err))
	wrong := map[string]interface{}{"operations": "x"}
	_, response, err = client.WorkflowsAPI.SubmitWorkflow(ctx).RequestBody(wrong).Execute()
	fmt.Println("bad body:", refused(response, err))
}
