# Examples

```toml
[[servers]]
hostname = "app-01"
taskservs = ["%name%"]

[taskservs.%name%]
port = %port%
```
