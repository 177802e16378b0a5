# Completion of sluice's command line for fish: put it into ~/.config/fish/completions.
set -l commands explain fmt lint migrate-check status upgrade
set -l none "not __fish_seen_subcommand_from $commands"
complete -c sluice -f
complete -c sluice -n $none -a explain -d "what becomes of a request, and why"
complete -c sluice -n $none -a fmt -d "print configuration files in one form"
complete -c sluice -n $none -a lint -d "what is wrong or doubtful in a configuration"
complete -c sluice -n $none -a migrate-check -d "does a configuration of nginx do the same here"
complete -c sluice -n $none -a status -d "what the running server says of itself"
complete -c sluice -n $none -a upgrade -d "let the binary that is installed now take over"
complete -c sluice -n $none -s t -d "test the configuration"
complete -c sluice -n $none -s T -d "test the configuration and print it"
complete -c sluice -n $none -s q -d "print nothing but errors when testing"
complete -c sluice -n $none -s s -x -a "stop quit reopen reload" -d "send a signal"
complete -c sluice -n $none -s e -r -F -d "error log file"
complete -c sluice -n $none -s v -d version
complete -c sluice -n $none -s V -d "version and what is built in"
complete -c sluice -n $none -l no-wait -d "with -s reload, do not wait"
complete -c sluice -n $none -l manual -d "print the reference"
complete -c sluice -s c -r -F -d "configuration file"
complete -c sluice -s p -x -a "(__fish_complete_directories)" -d prefix
complete -c sluice -s g -x -d "directives before those of the file"
complete -c sluice -n "__fish_seen_subcommand_from explain lint migrate-check status" -l format -x -a "text json"
complete -c sluice -n "__fish_seen_subcommand_from lint" -l format -x -a github
complete -c sluice -n "__fish_seen_subcommand_from lint" -l rules -d "print the ids of all warnings"
complete -c sluice -n "__fish_seen_subcommand_from explain" -s X -x -a "GET HEAD POST PUT PATCH DELETE OPTIONS" -d method
complete -c sluice -n "__fish_seen_subcommand_from explain" -s H -x -d "field of the request"
complete -c sluice -n "__fish_seen_subcommand_from explain" -l client -x -d "the client's address"
complete -c sluice -n "__fish_seen_subcommand_from explain" -l listen -x -d "the address it connects to"
complete -c sluice -n "__fish_seen_subcommand_from migrate-check" -l all -d "name what is supported as well"
complete -c sluice -n "__fish_seen_subcommand_from fmt" -s w -d "write the files"
complete -c sluice -n "__fish_seen_subcommand_from fmt" -l check -d "only name files in another form"
complete -c sluice -n "__fish_seen_subcommand_from fmt" -l diff -d "print what would change"
complete -c sluice -n "__fish_seen_subcommand_from fmt migrate-check" -F
complete -c sluice -n "__fish_seen_subcommand_from status" -l check -d "check the shared memory"
