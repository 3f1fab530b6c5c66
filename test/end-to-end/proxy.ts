import { connect, createServer, type Socket } from 'node:net'

/** A server's address from which nothing comes back, and to which nothing goes, while it is held. */
export type Proxy = AsyncDisposable & {
  port: number
  /** At once: what was written and not passed on yet is held too. Connections stay open, and new ones wait. */
  hold(): void
  /** Passes on what waited, in its order. */
  letGo(): void
  /** Ends all connections there are; what waited on them is lost. */
  cut(): void
}

/** A TCP proxy on loopback before a server. It runs on the event loop of its caller. */
export async function startProxy(host: string, port: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let waiting: (() => void)[] | undefined
  const passOn = (from: Socket, to: Socket): void => {
    sockets.add(from)
    from.on('data', chunk => {
      if (waiting === undefined) to.write(chunk)
      else waiting.push(() => to.write(chunk))
    })
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.destroySoon()
    })
  }
  const server = createServer({ noDelay: true }, near => {
    const far = connect({ host, port, noDelay: true })
    passOn(near, far)
    passOn(far, near)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  const cut = (): void => {
    waiting &&= []
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    hold: () => {
      waiting ??= []
    },
    letGo: () => {
      const late = waiting ?? []
      waiting = undefined
      for (const pass of late) pass()
    },
    cut,
    [Symbol.asyncDispose]: async () => {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
