import { posix } from 'node:path';
import { escape, type SitePage } from './page.ts';

/** A part of the navigation: a folder of `docs/`. */
const parts: readonly (readonly [folder: string, title: string])[] = [
  ['getting-started', 'Getting started'],
  ['guides', 'Guides'],
  ['concepts', 'Concepts'],
  ['how-to', 'How to'],
  ['operations', 'Operations'],
  ['security', 'Security'],
  ['testing', 'Testing'],
  ['integration', 'Integration'],
  ['troubleshooting', 'Troubleshooting'],
  ['reference', 'Reference'],
  ['architecture', 'Architecture'],
];

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--ground:#fff;--raised:#f6f8fa;--link:#0b57d0}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--ground:#0d1117;--raised:#161b22;--link:#79b8ff}}
*{box-sizing:border-box}body{margin:0;font:16px/1.6 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
a{color:var(--link)}header{display:flex;gap:1rem;align-items:center;padding:.6rem 1rem;border-bottom:1px solid var(--line)}
header a{font-weight:600;text-decoration:none;color:inherit}header span{color:var(--soft)}
header input{margin-left:auto;min-width:0;font:inherit;padding:.3rem .6rem;width:min(18rem,45vw);border:1px solid var(--line);border-radius:6px;background:var(--raised);color:inherit}
.page{display:grid;grid-template-columns:15rem minmax(0,52rem);gap:2rem;padding:1rem}
nav{font-size:.9rem}nav h2{font-size:.8rem;text-transform:uppercase;color:var(--soft);margin:1rem 0 .2rem}
nav ul{list-style:none;margin:0;padding:0}nav a{text-decoration:none;display:block;padding:.1rem 0}nav a[aria-current]{font-weight:700;color:var(--ink)}
main h1{line-height:1.2}main h2{border-bottom:1px solid var(--line);margin-top:2rem}
pre{background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:.8rem;overflow-x:auto}code{font:.9em ui-monospace,monospace}
:not(pre)>code{background:var(--raised);padding:.1em .3em;border-radius:4px}main{overflow-wrap:break-word}.table{overflow-x:auto}
table{border-collapse:collapse}th,td{border:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}
img{max-width:100%}#found{list-style:none;padding:0}#found li{margin:.6rem 0}#found p{margin:0;color:var(--soft);font-size:.9rem}
@media(max-width:50rem){.page{grid-template-columns:minmax(0,1fr)}nav{order:2;border-top:1px solid var(--line)}}
`;

/** Search without a server: all words must stand in the page; titles count more. The index loads when it is needed. */
const script = `
const box=document.getElementById('search'),main=document.querySelector('main'),before=main.innerHTML;let index;
box.addEventListener('input',async()=>{const words=box.value.toLowerCase().split(/\\s+/).filter(Boolean);
if(!words.length){main.innerHTML=before;return}
index??=fetch(box.dataset.root+'search.json').then(r=>r.json());
const hits=(await index).map(p=>{const t=p.title.toLowerCase(),x=p.text.toLowerCase();
if(!words.every(w=>x.includes(w)||t.includes(w)))return;return{p,at:x.indexOf(words[0]),score:words.filter(w=>t.includes(w)).length}}).filter(Boolean).sort((a,b)=>b.score-a.score).slice(0,30);
main.replaceChildren(Object.assign(document.createElement('h1'),{textContent:hits.length+' pages'}));
const list=Object.assign(document.createElement('ul'),{id:'found'});
for(const{p,at}of hits){const li=document.createElement('li'),a=document.createElement('a'),s=document.createElement('p');
a.href=box.dataset.root+p.path;a.textContent=p.title;s.textContent='… '+p.text.slice(Math.max(0,at-60),at+120)+' …';li.append(a,s);list.append(li)}main.append(list)});
`;

/** A whole HTML document. It needs nothing from elsewhere. */
export function documentOf(page: SitePage, pages: readonly SitePage[], version: string): string {
  const root = posix.relative(posix.dirname(page.path), '.') || '.';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,"><title>${escape(page.title)} · Provisioning</title>
<style>${style}</style>
</head>
<body>
<header><a href="${root}/index.html">Provisioning</a><span>${escape(version)}</span><input id="search" type="search" placeholder="Search" aria-label="Search" data-root="${root}/"></header>
<div class="page">
<nav aria-label="Pages">${navigation(page, pages, root)}</nav>
<main>
${page.html}</main>
</div>
<script type="module">${script}</script>
</body>
</html>
`;
}

function navigation(page: SitePage, pages: readonly SitePage[], root: string): string {
  const item = (one: SitePage): string =>
    `<li><a href="${root}/${one.path}"${one.path === page.path ? ' aria-current="page"' : ''}>${escape(one.title)}</a></li>`;
  return parts
    .map(([folder, title]) => {
      const own = pages.filter(({ path }) => path.startsWith(`${folder}/`));
      const sorted = [...own].sort(
        (left, right) => rank(left) - rank(right) || left.title.localeCompare(right.title),
      );
      return own.length === 0 ? '' : `<h2>${title}</h2><ul>${sorted.map(item).join('')}</ul>`;
    })
    .join('');
}

/** The page of the folder itself first. */
function rank({ path }: SitePage): number {
  return path.endsWith('/index.html') || path.endsWith('/overview.html') ? 0 : 1;
}
