package main

import "strings"

// setting is one row.
type setting struct {
	name string
	// consortium is what is added to consortium.yaml; bench are flags of the bench.
	consortium string
	bench      []string
}

// everywhere sets a variable for all processes.
func everywhere(variable string) string {
	one := "{" + variable + "}"
	return "environment: {peer: " + one + ", orderer: " + one + ", gateway: " + one + ", chaincode: " + one + "}"
}

// settings are what is tried. The gateways' come behind the default, with which they share a network.
func settings() []setting {
	list := []setting{
		{name: "default"},
		{name: "200 commands per transaction", bench: []string{"--commands", "200"}},
		{name: "1000 commands per transaction", bench: []string{"--commands", "1000"}},
		{name: "submit.parallel 1", bench: []string{"--parallel", "1"}},
		{name: "submit.parallel 2", bench: []string{"--parallel", "2"}},
		{name: "submit.parallel 8", bench: []string{"--parallel", "8"}},
	}
	for _, interval := range []string{"50ms", "200ms"} {
		list = append(list, setting{name: "blocks after " + interval, consortium: "blocks: {interval: " + interval + "}"})
	}
	list = append(list,
		setting{name: "blocks of 500", consortium: "blocks: {transactions: 500}"},
		setting{name: "implicit endorsement policy", consortium: "endorsement: implicit"},
	)
	for _, size := range []string{"1", "2", "4"} {
		list = append(list, setting{name: "validatorPoolSize " + size, consortium: "environment: {peer: {CORE_PEER_VALIDATORPOOLSIZE: " + size + "}}"})
	}
	for _, garbage := range []string{"200", "800"} {
		one := "{GOGC: " + garbage + "}"
		list = append(list, setting{name: "nodes' GOGC " + garbage, consortium: "environment: {peer: " + one + ", orderer: " + one + ", gateway: " + one + "}"})
	}
	return append(list,
		setting{name: "GOMAXPROCS 1", consortium: everywhere(`GOMAXPROCS: "1"`)},
		setting{name: "GODEBUG madvdontneed=0", consortium: everywhere("GODEBUG: madvdontneed=0")},
		setting{name: "default again"},
	)
}

// chosen are those with one of the parts in their name, or all.
func chosen(all []setting, only string) []setting {
	if only == "" {
		return all
	}
	var some []setting
	for _, s := range all {
		for _, part := range strings.Split(only, ",") {
			if strings.Contains(s.name, part) {
				some = append(some, s)
				break
			}
		}
	}
	return some
}
