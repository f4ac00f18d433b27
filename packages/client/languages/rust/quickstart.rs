//! Creates the servers of an infrastructure and waits for them: `quickstart [infra] [--check]`.
use provisioning_rs::client::{Config, ProvisioningClient, TaskStatus};
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

#[tokio::main]
async fn main() -> ExitCode {
    let (flags, names): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|word| word == "--check");
    let infra = names.first().map_or("production", String::as_str);
    match run(infra, !flags.is_empty()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(infra: &str, check: bool) -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name: &str| std::env::var(name).ok();
    let client = ProvisioningClient::new(Config {
        base_url: variable("PROVISIONING_API_URL").unwrap_or_else(|| "http://localhost:9090".into()),
        username: variable("PROVISIONING_USERNAME"),
        password: variable("PROVISIONING_PASSWORD"),
        ..Config::default()
    });
    let id = client.create_server_workflow(&json!({ "infra": infra, "check_mode": check })).await?;
    println!("Task: {id}");
    let task = client.wait_for_task_completion(&id, None, Some(Duration::from_secs(1))).await?;
    println!("{}", task.status.as_str());
    if task.status != TaskStatus::Completed {
        return Err(task.error.unwrap_or_default().into());
    }
    println!("{}", task.output.unwrap_or_default());
    Ok(())
}
