import { expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { containersOf } from '../plan/containers.ts';
import { resolve } from '../plan/resolve.ts';
import { renderedFiles } from './render.ts';

const secrets = { registryPassword: 'the-password', registryHtpasswd: 'provisioning:the-hash' };
const installation = resolve({ installation: { name: 'demo', images: 'registry.example.com/mirror' } });
const containers = containersOf(installation, { platform: '2.5.3', core: '3.2.1' }, secrets);
const names = containers.map(({ service }) => service);

test('manifests of Kubernetes: one pod whose parts refer to each other, probes on health, secrets in a secret', () => {
  const [file] = renderedFiles('kubernetes', installation, containers);
  expect(file!.mode).toBe(0o600);
  const documents = parseAllDocuments(file!.content).map((document) => document.toJS());
  const byKind = Object.fromEntries(documents.map((document) => [document.kind, document]));
  expect(Object.keys(byKind)).toEqual(['Namespace', 'PersistentVolumeClaim', 'Secret', 'Deployment']);
  const { selector, template } = byKind['Deployment'].spec;
  expect(template.metadata.labels).toEqual(selector.matchLabels);
  const volumes = new Set(template.spec.volumes.map(({ name }: { name: string }) => name));
  expect(template.spec.containers.map(({ name }: { name: string }) => name)).toEqual(names);
  for (const container of template.spec.containers) {
    expect(container.livenessProbe.exec.command.join(' ')).toMatch(
      /http:\/\/127\.0\.0\.1:\d+\/(health|v2\/)/,
    );
    for (const { name, subPath, mountPath } of container.volumeMounts) {
      expect(volumes).toContain(name);
      if (mountPath !== '/data') expect(byKind['Secret'].stringData).toHaveProperty([subPath]);
    }
  }
  // The password stands in the secret and nowhere else.
  expect(file!.content.match(/the-password/g)).toHaveLength(1);
});

test('files for people of Docker and Podman hold no secret; units start in the order of need', () => {
  const [compose, ...units] = renderedFiles('podman', installation, containers);
  const { services } = parse(compose!.content) as {
    services: Record<string, { image: string; depends_on: string[] }>;
  };
  expect(Object.keys(services)).toEqual(names);
  expect(services['orchestrator']!.image).toBe(
    'registry.example.com/mirror/provisioning-platform/orchestrator:v2.5.3',
  );
  expect(services['extension-registry']!.depends_on).toEqual(['oci-registry']);
  const registry = units.find(({ name }) => name === 'demo-extension-registry.service')!;
  expect(registry.content).toContain('Requires=demo-oci-registry.service');
  expect([compose!, ...units].map(({ content }) => content).join('')).not.toMatch(/the-password|the-hash/);
  expect(renderedFiles('docker', installation, containers)).toHaveLength(1);
});
