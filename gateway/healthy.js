// JavaScript and no module of ours, because it runs every ten seconds: whether the daemon of this container lives.
// Not `/readyz`: a store that is away is no reason to restart a daemon that waits for it.
const port = process.env.OMNIBUS_PORT || 8080
const answer = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(4000) }).catch(
  () => null,
)
process.exitCode = answer?.ok === true ? 0 : 1
