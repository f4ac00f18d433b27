//! What every generated client must do, one line each.
use provisioning_rs::apis::{configuration::Configuration, system_api, tasks_api, workflows_api, Error};
use serde_json::{json, Value};
use std::{collections::HashMap, env, thread, time::Duration};

fn refused<T, E>(result: Result<T, Error<E>>) -> String {
    match result {
        Err(Error::ResponseError(answer)) => {
            let body: Value = serde_json::from_str(&answer.content).unwrap_or_default();
            format!("{} {}", answer.status.as_u16(), body["error"]["code"].as_str().unwrap_or(""))
        }
        Err(_) => "failed".into(),
        Ok(_) => "accepted".into(),
    }
}

fn body(value: Value) -> HashMap<String, Value> {
    serde_json::from_value(value).expect("an object")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let configuration = Configuration {
        base_path: env::var("API").expect("API"),
        ..Configuration::default()
    };
    let health = system_api::get_health(&configuration).await.expect("health");
    let status = serde_json::to_value(health.status).expect("status");
    println!("health: {}", status.as_str().unwrap_or(""));
    let workflow = json!({
        "name": "generated",
        "version": "1.0.0",
        "operations": [{"id": "say", "type": "command", "config": {"command": "true"}}],
    });
    let submitted = workflows_api::submit_workflow(&configuration, body(workflow), None, None)
        .await
        .expect("submission")
        .data;
    println!("submitted: {}", submitted.status);
    let mut status = String::new();
    for _ in 0..600 {
        let task = tasks_api::get_task_status(&configuration, &submitted.task_id).await.expect("task");
        status = task.data.status.to_string();
        if ["Completed", "Failed", "Cancelled"].contains(&status.as_str()) {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    println!("status: {status}");
    let none = None;
    let list = tasks_api::list_tasks(
        &configuration, Some(10), None, none, none, none, none, none, none, none, none, none, none, none,
    )
    .await
    .expect("list");
    println!("total: {}", list.data.len());
    println!("unknown task: {}", refused(tasks_api::get_task_status(&configuration, "nope").await));
    let wrong = body(json!({"operations": "x"}));
    println!("bad body: {}", refused(workflows_api::submit_workflow(&configuration, wrong, None, None).await));
}
