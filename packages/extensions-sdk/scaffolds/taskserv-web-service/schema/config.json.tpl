{
  "title": "%name%",
  "type": "object",
  "properties": {
    "version": { "type": "string", "default": "latest" },
    "port": { "type": "integer", "minimum": 1, "maximum": 65535, "default": %port% },
    "command": {
      "description": "What the unit runs; replace it by your program",
      "type": "string",
      "default": "/usr/bin/python3 -m http.server"
    },
    "replicas": { "type": "integer", "minimum": 1, "default": 1 },
    "ingress": {
      "type": "object",
      "properties": {
        "enabled": { "type": "boolean", "default": true },
        "hostname": { "type": "string", "default": "" },
        "tls": { "type": "boolean", "default": false }
      },
      "default": { "enabled": true, "hostname": "", "tls": false }
    },
    "resources": {
      "type": "object",
      "properties": {
        "cpu": { "type": "string", "default": "100m" },
        "memory": { "type": "string", "default": "128Mi" }
      },
      "default": { "cpu": "100m", "memory": "128Mi" }
    }
  }
}
