{
  "title": "%name%",
  "type": "object",
  "properties": {
    "replicas": { "type": "integer", "minimum": 1, "default": 1 },
    "command": {
      "description": "What the unit runs; replace it by your program",
      "type": "string",
      "default": "/bin/sleep infinity"
    },
    "job": {
      "type": "object",
      "properties": {
        "schedule": { "type": "string", "default": "" },
        "parallelism": { "type": "integer", "minimum": 1, "default": 1 },
        "completions": { "type": "integer", "minimum": 1, "default": 1 }
      },
      "default": { "schedule": "", "parallelism": 1, "completions": 1 }
    },
    "resources": {
      "type": "object",
      "properties": {
        "cpu": { "type": "string", "default": "500m" },
        "memory": { "type": "string", "default": "512Mi" }
      },
      "default": { "cpu": "500m", "memory": "512Mi" }
    }
  }
}
