import { Marked } from 'marked';

/** One page of the site. */
export interface SitePage {
  /** Path below the site's root with `.html`. */
  readonly path: string;
  readonly title: string;
  readonly html: string;
  /** Headings and text, for the search. */
  readonly text: string;
}

/** Turns a Markdown page into HTML; links between pages lead to the `.html` files. */
export function renderPage(path: string, markdown: string): SitePage {
  const body = markdown.replace(/^---\n[\s\S]*?\n---\n+/, '').replaceAll(/<!--[\s\S]*?-->\n*/g, '');
  const title = /^# (.+)$/m.exec(body)?.[1] ?? path;
  const html = renderer().parse(body, { async: false });
  const text = html
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/&(?:amp|lt|gt|quot|#39);/g, ' ')
    .replaceAll(/\s+/g, ' ');
  return { path: htmlPath(path), title: title.replaceAll('`', ''), html, text };
}

/** `guides/x.md` is `guides/x.html`; the page of a folder is its `index.html`. */
export function htmlPath(path: string): string {
  return path.replace(/(^|\/)README\.md$/, '$1index.html').replace(/\.md$/, '.html');
}

/** The anchor of a heading, as GitHub makes it. */
export function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/<[^>]+>|[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

function renderer(): Marked {
  const marked = new Marked();
  marked.use({
    renderer: {
      heading({ tokens, depth, text }) {
        const inner = this.parser.parseInline(tokens);
        return `<h${depth} id="${slug(text)}">${inner}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        return `<a href="${escape(target(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      table(token) {
        const row = (cells: typeof token.header, tag: string): string =>
          `<tr>${cells.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`;
        return `<div class="table"><table><thead>${row(token.header, 'th')}</thead><tbody>${token.rows.map((cells) => row(cells, 'td')).join('\n')}</tbody></table></div>\n`;
      },
    },
  });
  return marked;
}

function target(href: string): string {
  if (/^[a-z]+:/.test(href) || href.startsWith('#')) return href;
  const [path = '', anchor] = href.split('#');
  return htmlPath(path) + (anchor === undefined ? '' : `#${anchor}`);
}

/** Text as it stands in HTML. */
export function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
