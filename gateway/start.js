#!/usr/bin/env node
// JavaScript, because it runs before types can be stripped: it turns on the cache in which Node keeps what it compiled
// and stripped. From there the next start takes half the time, and nobody loads the stripper, which is 20 MB a thread.
// `npm ci` fills the cache (`warm.ts`); where it cannot be written, Node does without.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/omnibus', import.meta.url)))
await import('./main.ts')
