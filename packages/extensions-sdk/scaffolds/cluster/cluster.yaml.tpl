# The parts of the cluster, and what each waits for.
name: %name%
version: 0.1.0
description: "%description%"
type: web-application
components:
  - name: system
    type: taskserv
    service: os
  - name: cache
    type: taskserv
    service: redis
    dependencies: [system]
  - name: entry
    type: taskserv
    service: haproxy
    dependencies: [cache]
resources:
  min_nodes: 1
  cpu_per_node: '1'
  memory_per_node: 1Gi
  storage_per_node: 10Gi
features:
  monitoring: false
  logging: false
  ingress: false
  storage: false
