import { runJest } from '../jest-suite.ts';
import type { ConformanceSuite } from '../suite.ts';

const suite: ConformanceSuite = {
  title: 'the clusters of the catalogue and applications in containers, each for real on three servers',
  run(say) {
    say(
      'etcd, postgres-ha, monitoring, buildkit, oci-reg, data-platform, web, a container application: some minutes',
    );
    return Promise.resolve({ cases: runJest('**/cluster/test/*.conformance.ts') });
  },
};
export default suite;
