{
  "name": "provisioning-provider-%name%",
  "version": "0.1.0",
  "type": "module",
  "license": "ISC",
  "exports": { ".": "./src/index.ts" },
  "peerDependencies": { "@provisioning/extensions-sdk": "^0.1.0" }
}
