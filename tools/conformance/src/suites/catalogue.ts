import { runJest } from '../jest-suite.ts';
import type { ConformanceSuite } from '../suite.ts';

const suite: ConformanceSuite = {
  title: 'taskservs that take their time: container runtimes that run containers, databases, Kubernetes',
  run(say) {
    say(
      'os, runc, crun, containerd, podman, docker, mysql, external-nfs, Kubernetes on three servers: some minutes',
    );
    return Promise.resolve({
      cases: runJest('**/operations/taskserv/testing/*.conformance.ts', '**/core-cli/test/*.conformance.ts'),
    });
  },
};
export default suite;
