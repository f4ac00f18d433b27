{
  "name": "%name%",
  "version": "0.1.0",
  "source": { "type": "apt" },
  "install": { "method": "package" },
  "service": { "type": "systemd", "unit": "%name%" }
}
