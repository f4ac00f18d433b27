{
  "name": "%name%",
  "requires": ["os"],
  "optional": [],
  "conflicts": [],
  "provides": [],
  "os_support": ["debian", "ubuntu"],
  "arch_support": ["amd64", "arm64"]
}
