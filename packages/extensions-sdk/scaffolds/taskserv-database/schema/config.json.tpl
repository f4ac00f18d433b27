{
  "title": "%name%",
  "type": "object",
  "properties": {
    "port": { "type": "integer", "minimum": 1, "maximum": 65535, "default": %port% },
    "persistence": {
      "type": "object",
      "properties": {
        "enabled": { "type": "boolean", "default": true },
        "size": { "type": "string", "default": "10Gi" },
        "storage_class": { "type": "string", "default": "ssd" }
      },
      "default": { "enabled": true, "size": "10Gi", "storage_class": "ssd" }
    },
    "auth": {
      "type": "object",
      "properties": {
        "database": { "type": "string", "pattern": "^[a-z_][a-z0-9_]*$", "default": "app" },
        "username": { "type": "string", "default": "user" },
        "password_secret": { "description": "Name of the secret with the password", "type": "string", "default": "" }
      },
      "default": { "database": "app", "username": "user", "password_secret": "" }
    }
  }
}
