{
  "name": "provisioning-%type%-%name%",
  "version": "0.1.0",
  "description": "%description%",
  "type": "module",
  "license": "ISC",
  "keywords": ["provisioning-extension"],
  "scripts": { "test": "node --test \"tests/unit/*.test.*\"" },
  "peerDependencies": { "@provisioning/extensions-sdk": "^%sdk_version%" }
}
