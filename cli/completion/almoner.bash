# bash completion for almoner; made by `almoner completion bash`.
_almoner()
{
	local cur=${COMP_WORDS[COMP_CWORD]} words=''
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words='status top tail org agent policy officer people mailbox override duty standard audit backup trace send receipt recv config ctx bench dev demo doctor errors completion version'
	elif [ "$COMP_CWORD" -eq 2 ] && [[ $cur != -* ]]; then
	case ${COMP_WORDS[1]} in
	org) words='list show find' ;;
	agent) words='keygen register list revoke invite invites uninvite approve roles rotate' ;;
	policy) words='activate approve check decide explain history proposals propose rollback test who diff graph impact ropa show' ;;
	officer) words='keygen register list revoke sign' ;;
	people) words='import show import-list lists history erase withdraw' ;;
	mailbox) words='list show dead rerun hold release limit deputy' ;;
	override) words='list review' ;;
	duty) words='list show' ;;
	standard) words='put list' ;;
	audit) words='breach bundle export head keys person prune prove query receipt show reindex stats tail unwitness verify witnesses' ;;
	config) words='show reload' ;;
	ctx) words='add list show select remove edit' ;;
	bench) words='audit backlog decide fair import route withdraw' ;;
	completion) words='bash man' ;;
	esac
	elif [[ $cur == -* ]]; then
	case "${COMP_WORDS[1]}" in
	status|top|tail|backup|trace|send|receipt|recv|dev|demo|doctor|errors|version) set -- "${COMP_WORDS[1]}" ;;
	*) set -- "${COMP_WORDS[1]} ${COMP_WORDS[2]}" ;;
	esac
	case "$1" in
	'status') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'top') words='
--interval
--count
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'tail') words='
--lines
--cursor-file
--person
--from
--to
--either
--purpose
--basis
--effect
--code
--kind
--message
--reveal
--reason
--format
--wide
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'org list') words='
--prefix
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'org show') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'org find') words='
--kind
--group
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent keygen') words='
--dry-run
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent register') words='
--pub
--curve-key
--signing-key
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent list') words='
--organisation
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent revoke') words='
--reason
--admin
--context
--dry-run
--yes
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent invite') words='
--agent
--roles
--categories
--expires
--endpoint
--out
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent invites') words='
--organisation
--all
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent uninvite') words='
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent approve') words='
--reason
--admin
--context
--dry-run
--yes
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent roles') words='
--roles
--categories
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'agent rotate') words='
--pub
--curve-key
--signing-key
--now
--reason
--admin
--context
--dry-run
--yes
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy activate') words='
--proposal
--emergency
--reason
--as
--key
--signature
--print-statement
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy approve') words='
--digest
--reason
--as
--key
--signature
--print-statement
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy check') words='
--at
--people
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy decide') words='
--bundle
--people
--max-opt-out-age
--at
--reason
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy explain') words='
--bundle
--people
--max-opt-out-age
--from
--to
--purpose
--category
--level
--subject
--subject-unknown
--basis
--batch
--at
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy history') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy proposals') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy propose') words='
--reason
--as
--key
--signature
--print-statement
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy rollback') words='
--emergency
--reason
--as
--key
--signature
--print-statement
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy test') words='
--max-opt-out-age
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy who') words='
--category
--from
--purpose
--at
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy diff') words='
--at
--basis
--change
--cells
--limit
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy graph') words='
--at
--basis
--organisation
--purpose
--prohibitions
--limit
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy impact') words='
--since
--until
--at
--reason
--limit
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy ropa') words='
--at
--organisation
--in-force
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'policy show') words='
--epoch
--at
--proposal
--into
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'officer keygen') words='
--dry-run
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'officer register') words='
--pub
--reason
--as
--key
--signature
--print-statement
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'officer list') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'officer revoke') words='
--reason
--as
--key
--signature
--print-statement
--admin
--context
--dry-run
--yes
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'officer sign') words='
--key
--context
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'people import') words='
--format
--rejects
--resume
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'people show') words='
--reason
--reveal
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'people import-list') words='
--as-of
--list
--source
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'people lists') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'people history') words='
--reason
--reveal
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'people erase') words='
--reason
--with-objections
--admin
--context
--dry-run
--yes
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'people withdraw') words='
--authority
--scope
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'mailbox list') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'mailbox show') words='
--limit
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'mailbox dead') words='
--limit
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'mailbox rerun') words='
--all
--reason
--admin
--context
--dry-run
--yes
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'mailbox hold') words='
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'mailbox release') words='
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'mailbox limit') words='
--messages
--bytes
--age
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'mailbox deputy') words='
--to
--none
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'override list') words='
--all
--overdue
--reveal
--reason
--limit
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'override review') words='
--outcome
--by
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'duty list') words='
--duty
--from
--to
--basis
--since
--until
--all
--reason
--store
--key
--no-record
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'duty show') words='
--reason
--store
--key
--no-record
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'standard put') words='
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'standard list') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit breach') words='
--reason
--message
--from
--to
--purpose
--since
--until
--aware
--reveal
--numbers
--html
--store
--key
--no-record
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit bundle') words='
--since
--until
--person
--from
--to
--either
--purpose
--basis
--effect
--code
--kind
--message
--complete
--reveal
--reason
--out
--force
--store
--key
--no-record
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit export') words='
--tiles
--reason
--store
--key
--no-record
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit head') words='
--checkpoint
--size
--out
--force
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit keys') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit person') words='
--reason
--since
--until
--with-protected
--html
--store
--key
--no-record
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit prune') words='
--reason
--despite-gap
--admin
--context
--dry-run
--yes
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit prove') words='
--out
--force
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit query') words='
--person
--from
--to
--either
--purpose
--basis
--effect
--code
--kind
--message
--since
--until
--limit
--after
--reverse
--reveal
--proof
--reason
--format
--wide
--store
--key
--no-record
--complete
--out
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit receipt') words='
--out
--force
--from
--reveal
--reason
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit show') words='
--reveal
--reason
--store
--key
--no-record
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit reindex') words='
--reason
--store
--key
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit stats') words='
--period
--periods
--until
--from
--to
--purpose
--unusual
--reason
--html
--store
--key
--no-record
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit tail') words='
--follow
--lines
--cursor-file
--person
--from
--to
--either
--purpose
--basis
--effect
--code
--kind
--message
--reveal
--reason
--format
--wide
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit unwitness') words='
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit verify') words='
--store
--key
--head
--from-checkpoint
--audit-key
--witness
--strict
--records
--wide
--format
--context
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'audit witnesses') words='
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'backup') words='
--store
--key
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'trace') words='
--reason
--admin
--context
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'send') words='
--to
--purpose
--category
--level
--payload
--subject
--subject-unknown
--standard
--standard-version
--basis
--relationship
--relationship-ref
--override
--override-by
--override-reason
--expires
--deadline
--request
--await-reply
--reply-to
--priority
--id
--timeout
--context
--dry-run
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'receipt') words='
--to
--purpose
--context
--dry-run
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'recv') words='
--dir
--timeout
--no-acknowledge
--reveal
--context
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'config show') words='
--config
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'config reload') words='
--config
--reason
--admin
--context
--dry-run
--timeout
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'ctx add') words='
--from
--keys
--select
--endpoint
--broker-key
--organisation
--agent
--curve-key
--signing-key
--witness-key
--witness-state
--audit-key
--admin
--store-key
--officer-key
--broker-from
--audit-reason
--dry-run
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'ctx list') words='
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'ctx show') words='
--reveal
--context
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'ctx select') words='
--none
--dry-run
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'ctx remove') words='
--dry-run
--yes
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'ctx edit') words='
--endpoint
--broker-key
--organisation
--agent
--curve-key
--signing-key
--witness-key
--witness-state
--audit-key
--admin
--store-key
--officer-key
--broker-from
--audit-reason
--dry-run
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'bench audit') words='
--records
--baseline
--dir
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'bench backlog') words='
--stored
--recipients
--count
--dir
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'bench decide') words='
--organisations
--agreements
--people
--decisions
--batch
--rounds
--seed
--dir
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'bench fair') words='
--milliseconds
--rounds
--only
--dir
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'bench import') words='
--count
--dir
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'bench route') words='
--payload
--count
--window
--envelopes-per-frame
--rate
--dir
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'bench withdraw') words='
--queued
--people
--withdrawals
--dir
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'dev') words='
--keep
--bare
--once
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'demo') words='
--keep
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'doctor') words='
--to
--purpose
--category
--level
--basis
--timeout
--admin
--context
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'errors') words='
--man
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'completion bash') words='
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'completion man') words='
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	'version') words='
--json
--jsonl
--csv
--quiet
--no-color
--no-input
--local
--help
' ;;
	esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[ -n "$words" ] || compopt -o default
}
complete -F _almoner almoner
