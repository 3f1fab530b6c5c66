import { createServer } from 'node:http'

/** A website of somebody else's, on an origin of its own, under the policy that `docs/webchat.md` asks for. */
export type Shop = AsyncDisposable & {
  origin: string
  /** What its pages embed from here on. */
  embed: { daemon: string; channel: string; attributes?: string; body?: string }
}

export async function openShop(host = 'localhost'): Promise<Shop> {
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyFor(shop.embed.daemon),
    })
    response.end(pageOf(shop.embed))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  const shop: Shop = {
    origin: `http://${host}:${address.port}`,
    embed: { daemon: '', channel: '' },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return shop
}

function policyFor(daemon: string): string {
  return [
    "default-src 'none'",
    `script-src ${daemon}`,
    `connect-src ${daemon} ${daemon.replace(/^http/, 'ws')}`,
    `img-src ${daemon} blob: data:`,
    `media-src ${daemon} blob:`,
  ].join('; ')
}

/** One line embeds the chat, with no script of the page's own. */
function pageOf({ daemon, channel, attributes = '', body = '' }: Shop['embed']): string {
  const text = '<p>A lamp of clay, made by hand.</p>'.repeat(30)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lamps</title>
</head>
<body>
<main><h1>Lamps</h1>${text}</main>
<script async src="${daemon}/webchat/widget.js" data-channel="${channel}" ${attributes}></script>
${body}
</body>
</html>`
}
