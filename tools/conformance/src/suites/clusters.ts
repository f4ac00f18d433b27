import { runJest } from '../jest-suite.ts';
import type { ConformanceSuite } from '../suite.ts';

const suite: ConformanceSuite = {
  title: 'the clusters of the catalogue and applications in containers, each for real on three servers',
  run(say) {
    say(
      'etcd, postgres-ha, monitoring, buildkit, oci-reg, data-platform, web, custom-web-stack, ci-cd, a container application: some minutes; kubernetes and security-stack need packages that are only on the Internet',
    );
    return Promise.resolve({ cases: runJest('**/cluster/test/*.conformance.ts') });
  },
};
export default suite;
