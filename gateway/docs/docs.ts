import { about, fields, type Schema, typeOf } from './fields.ts'
import { html, line, type Markup, NOTHING, prose } from './markup.ts'

/** What the page needs of an OpenAPI document. */
export type Document = {
  info: { title: string; version: string; description?: string }
  tags?: readonly { name: string; description?: string }[]
  paths: Record<string, Record<string, Operation>>
}

type Operation = {
  operationId: string
  summary?: string
  description?: string
  tags?: readonly string[]
  security?: readonly unknown[]
  parameters?: readonly Parameter[]
  requestBody?: { content: Record<string, Content> }
  responses: Record<string, { description?: string; content?: Record<string, Content> }>
  'x-roles'?: readonly string[]
}
type Parameter = { name: string; in: string; required?: boolean; description?: string; schema?: Schema }
type Content = { schema?: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }
type Route = Operation & { path: string; method: string }

/** The whole API on one page that needs no script to be read. `url` is where requests go. */
export function renderPage(document: Document, url: string): string {
  const { info, tags = [] } = document
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ ...operation, path, method })),
  )
  const sections = tags.map(tag => ({
    ...tag,
    routes: routes.filter(({ tags }) => tags?.includes(tag.name)),
  }))
  const links = sections.map(({ name }) => html`<li><a href="#${name}">${name}</a></li>`)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API</title>
<link rel="stylesheet" href="/docs/page.css">
<script type="module" src="/docs/search.js"></script>
</head>
<body>
<a class="skip" href="#routes">To the routes</a>
<header>
<h1>${info.title} API <small>${info.version}</small></h1>
${prose(info.description ?? '')}
<p><a href="/openapi.json">openapi.json</a> is the same for programs.</p>
</header>
<nav aria-label="Sections">
<label for="search">Search</label>
<input id="search" type="search" autocomplete="off" placeholder="path, word or role" hidden>
<p id="found" role="status"></p>
<ul>${links}</ul>
</nav>
<main id="routes">
${sections.map(section => sectionOf(section, url))}
</main>
</body>
</html>
`.markup
}

function sectionOf(section: { name: string; description?: string; routes: Route[] }, url: string): Markup {
  const { name, description = '', routes } = section
  return html`<section aria-labelledby="${name}">
<h2 id="${name}">${name}</h2>
${prose(description)}
${routes.map(route => routeOf(route, url))}
</section>
`
}

function routeOf(route: Route, url: string): Markup {
  const { method, path, summary = '', description = '', operationId } = route
  return html`<details class="route" id="${operationId}">
<summary><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code>
<span class="summary">${line(summary)}</span></summary>
${prose(description)}
<p class="roles">${rolesOf(route)}</p>
<h3>Example</h3>
${curls(route, url).map(text => html`<pre tabindex="0"><code>${text}</code></pre>`)}
${parametersOf(route)}
${bodyOf(route)}
${answersOf(route)}
</details>
`
}

function rolesOf(route: Route): Markup {
  const roles = route['x-roles']
  if (roles !== undefined) return html`For ${roles.map(role => html`<span class="role">${role}</span> `)}`
  return html`Needs no token of the API.`
}

function parametersOf({ parameters = [] }: Route): Markup {
  if (parameters.length === 0) return NOTHING
  const rows = parameters.map(({ name, in: place, required = false, description, schema = {} }) => {
    const mark = required ? html` <b>required</b>` : NOTHING
    const text = description === undefined ? schema : { ...schema, description }
    return html`<li><code>${name}</code> <i>${place}, ${typeOf(schema)}</i>${mark} ${about(text)}</li>`
  })
  return html`<h3>Parameters</h3><ul class="fields">${rows}</ul>`
}

function bodyOf({ requestBody }: Route): Markup {
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  if (content?.schema === undefined) return NOTHING
  return html`<h3>Body <small>${type ?? ''}</small></h3>${fields(content.schema)}`
}

function answersOf({ responses }: Route): Markup {
  const rows = Object.entries(responses).map(([status, { description = '', content = {} }]) => {
    const [type = '', { schema = {} } = {}] = Object.entries(content)[0] ?? []
    const shown = type === 'application/problem+json' ? NOTHING : fields(schema)
    const text = html`<b>${status}</b> ${line(description)}`
    if (shown === NOTHING) return html`<li>${text}</li>`
    return html`<li><details><summary>${text}</summary>${shown}</details></li>`
  })
  return html`<h3>Answers</h3><ul class="answers">${rows}</ul>`
}

/** A command line for each example of the body; one if there is none. */
function curls(route: Route, url: string): string[] {
  const [type = '', content = {}] = Object.entries(route.requestBody?.content ?? {})[0] ?? []
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`)
  const lines = [`curl${route.method === 'get' ? '' : ` -X ${route.method.toUpperCase()}`} "${url}${path}"`]
  if (route['x-roles'] !== undefined) lines.push(`-H "authorization: Bearer $TOKEN"`)
  if (type === 'multipart/form-data') lines.push('-F file=@photo.jpg')
  const examples = Object.values(content.examples ?? {}).map(({ value }) => value)
  if (content.example !== undefined) examples.push(content.example)
  if (type !== 'application/json' || examples.length === 0) return [lines.join(' \\\n  ')]
  return examples.map(example =>
    [...lines, `-H 'content-type: application/json'`, `-d '${quoted(example)}'`].join(' \\\n  '),
  )
}

/** JSON for a shell, between single quotes. */
function quoted(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll("'", "'\\''")
}
