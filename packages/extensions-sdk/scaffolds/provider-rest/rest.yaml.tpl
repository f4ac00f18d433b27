# A provider by declaration: addresses and paths of the service, no code.
base_url: https://api.example.com/v1
auth: { method: api_key, header: Authorization, format: 'Bearer {{credentials.token}}', env: %NAME%_TOKEN }
operations:
  listServers: { method: GET, path: /servers, items: servers }
  createServer:
    method: POST
    path: /servers
    body: { name: '{{server.hostname}}', plan: '{{server.plan}}', zone: '{{server.zone}}', image: '{{server.os}}', tags: '{{tags}}' }
    item: server
  deleteServer: { method: DELETE, path: '/servers/{{id}}' }
fields: { id: id, name: name, status: state, zone: zone, plan: plan, os: image, ip.public: addresses.public }
states: { new: creating, active: running, off: stopped }
tags: map
zones: [zone-1]
images: [debian-12]
plans:
  - { name: small, cores: 2, memory_mb: 4096, disk_gb: 40 }
