import { type Static, Type } from 'typebox';
import { Name } from './name.ts';

const Port = Type.Integer({ minimum: 1, maximum: 65535 });

/** An application on a Kubernetes cluster (05 §5.2): what is rendered to manifests. */
export const K8sDeploy = Type.Object(
  {
    name: Name,
    namespace: Type.String({ default: 'default' }),
    create_ns: Type.Boolean({ default: false }),
    service_mesh: Type.Optional(Type.Enum(['linkerd', 'istio', 'cilium', 'none'])),
    service_mesh_ns: Type.Optional(Type.String()),
    service_mesh_config: Type.Object({
      mtls_enabled: Type.Boolean({ default: true }),
      tracing_enabled: Type.Boolean({ default: false }),
    }),
    ingress_controller: Type.Optional(
      Type.Enum(['nginx', 'traefik', 'contour', 'haproxy', 'istio-gateway', 'none']),
    ),
    ingress_ns: Type.Optional(Type.String()),
    ingress_config: Type.Object({
      tls_enabled: Type.Boolean({ default: false }),
      default_backend: Type.Optional(Type.String({ pattern: '^[a-z0-9-]+:\\d+$' })),
      hosts: Type.Array(Type.String(), { default: [] }),
      cluster_issuer: Type.Optional(Type.String()),
    }),
    spec: Type.Object({
      replicas: Type.Integer({ minimum: 0, default: 1 }),
      containers: Type.Array(
        Type.Object({
          name: Name,
          image: Type.String({ minLength: 1 }),
          imagePull: Type.Enum(['IfNotPresent', 'Always', 'Never'], { default: 'IfNotPresent' }),
          ports: Type.Array(
            Type.Object({
              name: Type.String(),
              typ: Type.Enum(['TCP', 'UDP'], { default: 'TCP' }),
              container: Port,
            }),
            { default: [] },
          ),
          env: Type.Record(Type.String(), Type.String(), { default: {} }),
          resources: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
        }),
        { minItems: 1 },
      ),
    }),
    service: Type.Optional(
      Type.Object({
        name: Name,
        typ: Type.Enum(['ClusterIP', 'NodePort', 'LoadBalancer'], { default: 'ClusterIP' }),
        ports: Type.Array(
          Type.Object({
            name: Type.String(),
            typ: Type.Enum(['TCP', 'UDP'], { default: 'TCP' }),
            port: Type.Optional(Port),
            target: Port,
          }),
        ),
      }),
    ),
    prxyGatewayServers: Type.Optional(
      Type.Array(
        Type.Object({
          port: Type.Object({ number: Port, protocol: Type.String(), name: Type.String() }),
          hosts: Type.Array(Type.String()),
          tls: Type.Optional(
            Type.Object({
              mode: Type.String({ default: 'SIMPLE' }),
              credentialName: Type.Optional(Type.String()),
            }),
          ),
        }),
      ),
    ),
    prxyVirtualService: Type.Optional(
      Type.Object({
        hosts: Type.Array(Type.String()),
        gateways: Type.Optional(Type.Array(Type.String())),
        matches: Type.Array(
          Type.Object({
            typ: Type.String({ default: 'http' }),
            location: Type.Optional(Type.Array(Type.Object({ port: Port }))),
            route_destination: Type.Array(Type.Object({ port_number: Port, host: Type.String() })),
          }),
        ),
      }),
    ),
  },
  { title: 'K8sDeploy' },
);
export type K8sDeploy = Static<typeof K8sDeploy>;
