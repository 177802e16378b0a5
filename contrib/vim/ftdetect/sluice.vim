" Files that are configurations of sluice. Copy contrib/vim into ~/.vim/pack/sluice/start/sluice.
autocmd BufNewFile,BufRead sluice.conf,*/sluice/*.conf,*/sluice/conf/*.conf setfiletype sluice
