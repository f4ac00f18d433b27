import { Engine } from '../docker/client.ts';
import { parseEndpoint } from '../docker/http.ts';

/** Commands in a server through the engine, for looking into it whatever its SSH does. */
export function shell(engine: Engine, server: () => Promise<{ readonly id: string } | null>) {
  const command = async (line: string) => engine.exec((await server())!.id, ['/bin/sh', '-c', line]);
  return {
    run: command,
    write: (path: string, text: string) => command(`printf %s ${text} > ${path}`),
    read: (path: string) => command(`cat ${path}`),
  };
}

/** A client on the engine that a bed's provider uses. */
export async function engineAt(address: string): Promise<Engine> {
  return Engine.connect(parseEndpoint(address)!);
}
