import { expect, test } from '@jest/globals';
import { meshCombinations, replacementSteps } from './mesh.ts';

test('one combination is the default; certificates come before the mesh, the mesh before the ingress', () => {
  expect(meshCombinations.filter((one) => one.default).map(({ taskservs }) => taskservs)).toEqual([
    ['cert-manager', 'linkerd', 'nginx-ingress'],
  ]);
  expect(meshCombinations.find(({ name }) => name === 'istio')!.facts).toMatchObject({ lightweight: false });
});

test('istio to linkerd needs an ingress in its place; taskservs of different kinds do not replace each other', () => {
  const istio = { name: 'istio', provides: ['service-mesh', 'ingress'] };
  const linkerd = { name: 'linkerd', provides: ['service-mesh'] };
  const traefik = { name: 'traefik', provides: ['ingress'] };
  const steps = replacementSteps(istio, linkerd)!;
  expect(steps[0]).toBe('Install linkerd beside istio');
  expect(steps).toContain('Install an ingress: linkerd brings none');
  expect(steps.at(-1)).toBe('Remove istio');
  expect(replacementSteps(traefik, istio)).toContain('Switch DNS or the load balancer over');
  expect(replacementSteps(linkerd, traefik)).toBeUndefined();
});
