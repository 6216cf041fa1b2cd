'use strict';

// The workload is made of functions of its own, so that it can be tried without Caliper.

const period = '2026';

// batch is n tickets of a site as the chaincode reads them: canonical JSON, the
// fields in the order of package wire. Identifiers are unique in a run.
function batch(run, site, from, n) {
  const commands = [];
  for (let i = from; i < from + n; i++) {
    const id = `${run}-${site}-${i}`;
    commands.push({
      id, type: 'take_in', date: '2026-08-03', period,
      body: { site, product: 'wheat', quantity: '27340', supplier: 'Farm', evidence: id },
    });
  }
  return JSON.stringify(commands);
}

// opening registers a site and opens its period.
function opening(run, site) {
  return JSON.stringify([
    { id: `${run}-${site}-site`, type: 'register_site', body: { site, name: 'Caliper', country: 'DE', region: 'DE-BB' } },
    { id: `${run}-${site}-open`, type: 'open_period', body: { site, period, from: '2026-01-01', to: '2026-12-31' } },
  ]);
}

function request(argument) {
  return {
    contractId: 'massbalance', contractFunction: 'Apply', invokerIdentity: 'miller',
    contractArguments: [argument], readOnly: false,
  };
}

// workload makes the class only where Caliper is there.
function workload() {
  const { WorkloadModuleBase } = require('@hyperledger/caliper-core');

  return class extends WorkloadModuleBase {
    async initializeWorkloadModule(workerIndex, totalWorkers, roundIndex, roundArguments, sutAdapter, sutContext) {
      await super.initializeWorkloadModule(workerIndex, totalWorkers, roundIndex, roundArguments, sutAdapter, sutContext);
      this.run = `c${Date.now().toString(36)}`;
      this.site = `caliper-${this.run}-${roundIndex}-${workerIndex}`;
      this.next = 0;
      await this.sutAdapter.sendRequests(request(opening(this.run, this.site)));
    }

    async submitTransaction() {
      // One at a time: the next transaction of a site needs the one before. Caliper
      // calls again without waiting, so a call that comes too soon does nothing; a
      // queue of them would outlast the round.
      if (this.underWay) return;
      this.underWay = true;
      const { commands } = this.roundArguments;
      const argument = batch(this.run, this.site, this.next, commands);
      this.next += commands;
      try {
        await this.sutAdapter.sendRequests(request(argument));
      } finally {
        this.underWay = false;
      }
    }
  };
}

module.exports = {
  batch, opening, request,
  createWorkloadModule: () => new (workload())(),
};
