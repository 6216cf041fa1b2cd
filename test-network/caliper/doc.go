// Package caliper is a workload for Hyperledger Caliper; its README says how to
// run it. The test tries it without Caliper and without a network.
package caliper
