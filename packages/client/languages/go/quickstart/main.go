// Creates the servers of an infrastructure and waits for them: quickstart [-check] [infra].
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/provisioning-systems/go-client/client"
)

func main() {
	check := flag.Bool("check", false, "only say what would change")
	flag.Parse()
	infra := "production"
	if flag.NArg() > 0 {
		infra = flag.Arg(0)
	}
	if err := run(context.Background(), infra, *check); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, infra string, check bool) error {
	provisioning := client.NewClient(&client.Config{
		BaseURL:  os.Getenv("PROVISIONING_API_URL"),
		Username: os.Getenv("PROVISIONING_USERNAME"),
		Password: os.Getenv("PROVISIONING_PASSWORD"),
	})
	id, err := provisioning.CreateServerWorkflow(ctx, &client.CreateServerRequest{Infra: infra, CheckMode: check})
	if err != nil {
		return err
	}
	fmt.Println("Task:", id)
	task, err := provisioning.WaitForTask(ctx, id, client.DefaultWaitTimeout, time.Second)
	if err != nil {
		return err
	}
	fmt.Println(task.Status)
	if task.Status != client.Completed {
		return fmt.Errorf("%s", task.Error)
	}
	fmt.Println(task.Output)
	return nil
}
