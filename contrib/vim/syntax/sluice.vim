" Highlighting of sluice's configuration. It knows the grammar and no list of directives: the first word of a
" statement is one. sluice -t says whether it exists.
if exists("b:current_syntax")
  finish
endif

" A word may hold escapes, variables, and quotes that do not begin it.
syntax match sluiceDirective +\%(^\|[;{}]\)\@<=\s*\zs[^[:space:];{}#"'][^[:space:];{}]*+ nextgroup=sluiceArguments
syntax region sluiceArguments start=+.+ end=+[;{}]+me=e-1 contained contains=sluiceString,sluiceVariable,sluiceNumber,sluiceFlag,sluiceModifier,sluiceComment
syntax region sluiceString start=+"+ skip=+\\.+ end=+"+ contains=sluiceVariable,sluiceEscape
syntax region sluiceString start=+'+ skip=+\\.+ end=+'+ contains=sluiceVariable,sluiceEscape
syntax match sluiceEscape +\\.+ contained
syntax match sluiceVariable +\$\w\++
syntax match sluiceVariable +\${[^}]*}+
syntax match sluiceNumber +\s\zs\d\+\%(ms\|[kKmMgGsShHdDwWyY]\)\?\ze[[:space:];]+ contained
syntax match sluiceFlag +\s\zs\%(on\|off\)\ze[[:space:];]+ contained
syntax match sluiceModifier +\s\zs\%(=\|\~\*\?\|\^\~\|!=\|!\~\*\?\)\ze\s+ contained
syntax match sluiceComment +\%(^\|[[:space:];{}]\)\@<=#.*$+ contains=sluiceLint
syntax match sluiceLint +lint: ignore.*$+ contained

highlight default link sluiceDirective Statement
highlight default link sluiceString String
highlight default link sluiceEscape Special
highlight default link sluiceVariable Identifier
highlight default link sluiceNumber Number
highlight default link sluiceFlag Boolean
highlight default link sluiceModifier Operator
highlight default link sluiceComment Comment
highlight default link sluiceLint Todo

setlocal commentstring=#\ %s
let b:current_syntax = "sluice"
