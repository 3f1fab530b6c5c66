import type { ChannelId } from '../../model/ids.ts'

/**
 * A website with the chat in it, under the policy that `docs/webchat.md` recommends: scripts and styles of our own
 * origin, or with this answer's nonce, and nothing else.
 */
export function demoPage({ channel, nonce, host }: { channel: ChannelId; nonce: string; host: string }): {
  html: string
  policy: string
} {
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    // Not every browser counts a WebSocket of the same host as 'self'.
    `connect-src 'self' ws://${host} wss://${host}`,
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ]
  return { policy: policy.join('; '), html: page(channel, nonce) }
}

/** The channel's id and the nonce are letters, digits and base64: nothing in them is markup. */
function page(channel: ChannelId, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>Omnibus: a website with a chat</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { max-width: 42rem; margin: 0 auto; padding: 2rem 1.25rem 8rem; }
h1 { line-height: 1.2; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>A website with a chat</h1>
<p>This page stands for a website of yours. The chat is in the corner; it belongs to the channel
<code>${channel}</code>.</p>
<h2>What to try</h2>
<ol>
<li>Open the chat and write something. It is the first message of a new conversation:
<code>GET /v1/messages</code> shows it, and <code>GET /v1/events</code> tells it as it happens.</li>
<li>Answer it: <code>POST /v1/messages</code> with the <code>conversation</code> that the message names.
The answer appears here; its status becomes <code>received</code>, and <code>read</code> once you see it.</li>
<li>Open this page in a second tab, or load it again: the conversation is there, and both tabs follow it.</li>
<li>Send a file, or drop one on the chat.</li>
<li>Stop the daemon, write, and start it again: what you wrote arrives once.</li>
</ol>
<p>The page has a strict content security policy: only scripts of this daemon run, and the one line that
embeds the chat.</p>
</main>
<script nonce="${nonce}">
(function (w, d, n) {
  w[n] = w[n] || function () { (w[n].q = w[n].q || []).push(arguments) };
  var s = d.createElement('script'); s.async = true; s.src = '/webchat/widget.js';
  s.nonce = d.currentScript.nonce;
  d.head.appendChild(s);
})(window, document, 'omnibus');
omnibus('init', { channel: '${channel}' });
</script>
</body>
</html>
`
}
