#pragma once

#include <string_view>

namespace sulcus
{

inline constexpr std::string_view HtmlStyle = R"css(
:root{color-scheme:light dark;--line:#8886;--soft:#8881;--accent:#0072b2}
@media(prefers-color-scheme:dark){:root{--accent:#56b4e9}}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2}h2{margin-top:2.2rem;border-bottom:1px solid var(--line)}
a{color:var(--accent)}nav ul{columns:16rem;padding-left:1.2rem}
.scroll{overflow-x:auto;max-height:80vh}
table{border-collapse:collapse;font-size:.9rem;width:max-content;overflow-wrap:normal}td{max-width:26rem}
caption{text-align:left;padding:.3rem 0;font-weight:600}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
thead th{position:sticky;top:0;background:Canvas}
th button{all:unset;cursor:pointer;font-weight:600}
th button:focus-visible{outline:2px solid var(--accent)}
th[aria-sort=ascending] button::after{content:" \25B2"}
th[aria-sort=descending] button::after{content:" \25BC"}
tbody tr:hover{background:var(--soft)}
figure{margin:1rem 0}figure img{max-width:100%;height:auto;image-rendering:auto}
figcaption{font-size:.9rem;opacity:.8}
.swatch{display:inline-block;width:.8em;height:.8em;margin-right:.4em;border:1px solid var(--line)}
.notice{border-left:4px solid #d55e00;padding:.4rem .8rem;background:var(--soft)}
pre{overflow-x:auto;background:var(--soft);padding:.6rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
details{border:1px solid var(--line);border-radius:.3rem;padding:.3rem .8rem;margin:.5rem 0}
summary{cursor:pointer;font-weight:600}
@media(max-width:40rem){body{padding:.6rem}dl{grid-template-columns:1fr}}
@media print{.scroll{overflow:visible;max-height:none}th button::after{content:""!important}}
)css";

inline constexpr std::string_view HtmlScript = R"js(
document.querySelectorAll('table.sortable th button').forEach(function(button){
  button.addEventListener('click',function(){
    var head=button.parentNode,table=head.closest('table'),body=table.tBodies[0];
    var column=Array.prototype.indexOf.call(head.parentNode.children,head);
    var down=head.getAttribute('aria-sort')==='ascending';
    var numeric=head.classList.contains('n');
    var key=function(row){
      var cell=row.cells[column],text=cell.dataset.v===undefined?cell.textContent:cell.dataset.v;
      if(cell.classList.contains('m'))return null;
      return numeric?(text==='inf'?Infinity:text==='-inf'?-Infinity:parseFloat(text)):text;
    };
    var rows=Array.prototype.map.call(body.rows,function(row,i){return{row:row,key:key(row),i:i};});
    rows.sort(function(a,b){
      if(a.key===null||b.key===null)return a.key===b.key?a.i-b.i:a.key===null?1:-1;
      var order=a.key===b.key?0:numeric?(a.key<b.key?-1:1):String(a.key).localeCompare(String(b.key),undefined,{numeric:true});
      return order===0?a.i-b.i:down?-order:order;
    });
    head.parentNode.querySelectorAll('th').forEach(function(other){other.removeAttribute('aria-sort');});
    head.setAttribute('aria-sort',down?'descending':'ascending');
    rows.forEach(function(entry){body.appendChild(entry.row);});
  });
});
function openTarget(){var target=location.hash&&document.getElementById(location.hash.slice(1));
  for(var e=target;e;e=e.parentElement)if(e.tagName==='DETAILS')e.open=true;
  if(target)target.scrollIntoView();}
addEventListener('hashchange',openTarget);openTarget();
)js";

} // namespace sulcus
