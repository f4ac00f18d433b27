/**
 * A clock that jumps, for processes that tests start with `--import`: SIGUSR2 puts it an hour ahead, SIGHUP two hours back.
 * Timers of the machine go on as they are, like those of a real machine whose clock is set.
 */
const hour = 60 * 60 * 1000;
const RealDate = Date;
let offset = 0;
const now = (): number => RealDate.now() + offset;

globalThis.Date = new Proxy(RealDate, {
  get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  construct: (target, given: unknown[], newTarget) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as object,
});
process.on('SIGUSR2', () => (offset += hour));
process.on('SIGHUP', () => (offset -= 2 * hour));
