// Package massbalance is the rule book of the consortium: mass balance chain of custody
// as ISO 22095:2020 names it, decided by one pure function. It knows no ledger platform,
// no clock, no file, no encoding and no floating-point number. This comment is the
// specification, and no Go is needed to follow it; the numbered invariants are cited by
// number in the code and in the tests.
//
// # What is kept
//
// A site is a system boundary: what enters, what leaves and what is left is reconciled
// there, at every single command. A stock account (site × product) holds two pairs of
// cumulative figures: material in and out, and credit in and out. Material is everything
// that crosses the weighbridge, certified or not; credit is the quantity that may be
// attributed, that is sold or claimed with specified characteristics. Balances are
// derived: stock is material in less material out. Without the material side there would
// be no mass balance, only book and claim.
//
// Specified characteristics are one immutable set: scheme, spatial key (country, region,
// land unit), vintage, practices, and the carbon figures side by side (fossil, fossil and
// biogenic of land management, land-use change, biogenic non-CO2, biogenic uptake,
// removals, land carbon leakage), each with its method and never netted. The set is
// identified by the hash of its canonical form and travels whole.
//
// A lot is credit of one product at one site with one set of characteristics and one
// custody model, and the lots it came from. Lots are created by introduction, receipt,
// return, conversion and merger; whatever spends credit names its lots. Lots of different
// models never become one, and lots of different characteristics only by a merger, if
// they differ in carbon figures alone.
//
// Whatever is accepted leaves an administrative record: by whom, when, and what credit
// and material moved from where to where (each such line is a posting). The records of a
// site are its journal, numbered and chained by hashes, whose latest entry is the site's
// head. To guard something is to ask the platform that it be changed only with the
// endorsement of those whom it concerns.
//
// # What can be done
//
// The common register (members, products, recipes, certifiers, the rules in force)
// changes when a majority of the trading members asked for the same content. Sites and
// their periods are their owner's. Certificates and verification statements are signed by
// a recognised certifier and may be relayed by any trading member.
//
//	introduce   material with the characteristics of a verification statement: stock and a lot
//	take in     undifferentiated material: stock without credit
//	dispatch    material and attributed lots leave the sender and are in transit
//	receive     they enter the receiver's books, at the weight found on arrival
//	reject      the receiver refuses; return books them in again at the sender
//	convert     material and lots become co-products by an adopted recipe
//	merge       lots that differ only in their carbon figures become one
//	downgrade   lots are stepped down to a looser custody model
//	reassign    credit of mass balance goes to another product of its product group
//	decouple    credit parts from its material and becomes book and claim; it is
//	            transferred, accepted or declined, and returned, as credits
//	withdraw    material leaves the consortium's sight; lots that go with it are cancelled
//	find        a statement is recalled, its credit traced and frozen, claims covered
//	claim       credit is used up for a beneficiary and a reporting year
//	report      a tier before the claimant reports what it handed on and was claimed
//	cancel      credit is given up without a claim; the material stays
//	offer       volume is put up for sale, countered, declined, accepted: an agreement
//	settle      a period of an agreement is settled, disputed, counted in the index
//	reverse     what was booked wrongly is undone: a transfer is proposed to be
//	            reversed by one party, confirmed by the other and completed, each
//	            booking its own half; what has one party only is reversed with a
//	            certifier's consent
//
// Every movement names its business date and its period; the period must be the site's
// open one and contain the date. The transaction's own time is the client's, so nothing
// is decided by it.
//
// # Scheme profiles
//
// What schemes ask differently is data, not code. A profile belongs to a scheme and is
// adopted, version by version, like the rest of the common register; each of its values
// names its source and how far that is to be trusted. Where none was adopted the plain
// profile holds, which adds nothing to ISO 22095-2.
//
// A lot moves as the profile of its own scheme says: only under the custody models that
// the scheme knows (a receipt is stepped down to one of them), only at sites with a
// certificate where it asks for one, and, where origins are matched, only together with
// lots of the same country or region when a body of material leaves or is converted under
// mass balance.
//
// A site keeps its balance as the profile of the scheme says that its owner chose; a
// later change needs the signed consent of a certifier that certified the site under that
// scheme. Each period keeps the version under which it was opened. The profile says:
//
//   - how long a period may be: 1, 2, 3 or 12 months from a day that every month has. The
//     first such period sets the site's length; only its certifier's consent changes it.
//   - by which method it balances. Under the credit method any shipment may be attributed
//     up to the credit held. Under the rolling average percentage method none more than
//     the average share: credit that came in with material over the period ÷ material
//     that came in, what was in stock at its opening included, at every moment and
//     rounded down to the gram. Credit of book and claim belongs to no material and does
//     not count. Credit that a recall froze does: its material came in.
//   - what is carried over at a close: everything; no more than there is material (credit
//     of book and claim is tied to none); for so many further periods; up to an age of so
//     many months. The close names what is forfeited, which is expired for good, and is
//     refused while that is too little. What is converted, restated or comes back keeps
//     the age of what it was made of.
//   - by how much a stock count may differ, and whether a greater difference is flagged
//     or refused. What is missing is booked out as loss; what was found is booked in
//     within the tolerance, and gives no credit.
//
// It says further for how many days a transaction may be reversed; whether a recipe may
// share credit out freely, in fixed shares or in proportion to the outputs only; and
// which products form a group within which credit of mass balance may be reassigned, as far
// as the other product is in stock. The unit, and how carbon figures merge, are its values too.
//
// # Periods
//
// A close names every account with its book balance, and, where the profile limits what
// is carried over, every lot with credit left; that they are all is seen by counting and
// adding up. One close can name 5,000 lots. A site that holds more puts those of one kind
// together first: merger makes one lot of up to 500, and where they may not move, what is
// small is given up by cancellation. What a recall froze can be neither merged nor given
// up: a site with more than 5,000 such lots could not close. The close freezes the
// accounts, the counts, the credit carried and forfeited per product, characteristics and
// model, and per product opening + in + found − out − loss = closing for the material,
// opening + in − out − expired = closing for the credit. The hash of these figures stands
// in the record and is covered by the site's journal.
//
// What is entered after its period was closed goes to the open one and carries both
// dates; the day on which it occurred must lie before the open period, and certificates
// must have been good on both days.
//
// # Governance
//
// What is common is decided by a majority of the trading members, each asking for the
// same content by a command of its own: members, certifiers and their keys, products with
// their yield caps, recipes, scheme profiles and the rules themselves. What was adopted
// never changes; its next version replaces it, by another majority, and the one before
// stays readable under its number. A version follows the one in force, so no two versions
// can be adopted side by side.
//
// The rules have versions too. A ledger begins at the version that its founding names, or
// else at 1; an adopted version takes effect from the next command on. Every record names
// the version that decided it, and this package holds all of them, so what was decided
// years ago is decided again in the same way. The versions are:
//
//   - 1: the rules as below.
//   - 2: a shipment is received or rejected no earlier than it was dispatched, and
//     returned no earlier than it was rejected.
//   - 3: what is guarded is guarded anew after the members changed. A period lasts a year
//     at most. Where a profile asks for whole months and a site's last period ended just
//     before a 29th, 30th or 31st, one short period leads to the end of that month. A
//     close may name 5,000 accounts, not 500. A recalled claim may be covered in any
//     number of parts, not in 500. Credit of book and claim that came to a site since is
//     no part of its opening average. A certificate covers no product that it does not
//     name; before, its products bounded what its statements were of.
//   - 4: the state keeps of a record what later commands ask of it, and an answer does not
//     name its own transaction: see Record.Noted and Result.
//   - 5: a ledger founded under it, no other, keeps many values under one key (see package
//     wire). Of the hash of a command's content the state keeps half.
//
// So have the keys with which the organisations sign checkpoints of their transparency
// logs: see Cosigner.
//
// Members have versions too: the next one may give a member another name or role, or
// remove it, and one that was removed comes back by the version after that. Whoever is
// concerned may vote. Those who left count no longer, neither among the members of whom a
// majority is needed nor among those who asked before. A consortium keeps at least one
// trading member.
//
// A trading member that was removed can submit nothing more. Its sites, their stock and
// their credit stay as they are, for all to see; but a site's head, and a transfer's,
// changes only with its owner's endorsement, so nothing moves there, and what is in
// transit from it or to it stays so unless the member returns; nothing more is sent to
// it. It should therefore sell, dispatch or withdraw, and close its periods, before it
// goes. What exists is guarded by the trading members of the day on which it was last
// guarded, until its next entry, which those must still endorse and by which the members
// of that day take over. So members leave one at a time, the next one once every site has
// made an entry, lest those who stay are no majority of those before. A certification
// body that was removed has signed for good what was published before: its certificates
// hold to their end and its statements may be introduced on, unless the majority recalls
// them. Nothing new that it signs is accepted, and no keys for it. The channel has
// members of its own, who run the nodes and hold the keys of Fabric: they are changed by
// the channel's administrators, beside this and not by it.
//
// # What always holds
//
//   - I1 Conservation. Per set of characteristics: available + frozen + in transit +
//     claimed + cancelled + expired + lost + restated = introduced + derived. Restated is
//     what went on under a set derived from this one, see Carbon. Masses are counted as
//     they are, so what a conversion does not pass on is its loss.
//   - I2 No site's credit out ever exceeds its credit in, at any moment.
//   - I3 Attribution never exceeds material: of a shipment as dispatched and as received,
//     of a conversion's input, of each of its outputs, of a withdrawal.
//   - I4 A transfer resolves at most once: received, or rejected and then returned. One
//     that was received may be reversed, once.
//   - I5 A closed period never changes; periods follow one another without gap.
//   - I6 A claim is terminal, and so are a cancellation and a loss: nothing leaves them
//     but all of what a record put there, by its reversal (I14). The claim then stays and
//     says when it was reversed. A document of evidence is used once, also where what it
//     proved was reversed.
//   - I7 A conversion never yields more than factor × input of any output, more than the
//     recipe's greatest yield (at most 1) in all, or more of a component than went in;
//     and its outputs are never credited with more than the recipe lets them have of the
//     credit of its inputs.
//   - I8 The same command ID with the same content gives the first result and changes
//     nothing; with other content it is refused.
//   - I9 The custody model never rises: identity preserved > segregated > controlled
//     blending > mass balance > book and claim. Only the reversal of the very record that
//     stepped credit down puts it back where it was.
//   - I10 Where carbon figures are computed, Σ mass × intensity of what comes out is
//     never less than of what went in and what the process emitted, in every figure for
//     itself. Elsewhere credit keeps the set that it has.
//   - I11 Nothing is introduced, dispatched, received, converted or claimed under a
//     certificate on a day on which it is suspended or withdrawn, or at a site that has
//     certificates under the scheme, none of which is good on that day and names the
//     product. What a certifier declared stays visible for ever.
//   - I14 A record is reversed at most once, as a whole, by its exact inverse; by both
//     parties, within the window, and only while what it created is there.
//   - I15 What is claimed is reported once per tier: only by whoever had that very credit
//     there, and never more than the claim.
//   - I16 What is called off under an agreement goes from its seller to its buyer, is
//     what was agreed, and is never more than was agreed for the period.
//
// # Custody models
//
// Lots that leave together in one body of material leave under one model, the lowest
// among them. Identity preserved needs a single statement as origin: lots of two farms
// together are segregated, equal characteristics or not. A body that is only partly
// attributed mixes in other material: it is controlled blending where that is asked for,
// or was so before, and its share (credit per material, an exact ratio carried by the
// lot) is no greater than any lot's; and mass balance otherwise. Downgrade steps lots
// down on purpose; there is no step up. A receiver whose certificates under the scheme do
// not cover the model gets the shipment at the highest model below it that they do.
//
// Book and claim begins with decoupling: the material stays as undifferentiated stock,
// the credit goes on without it, by transfer of credits and acceptance, to a claim. Such
// lots are refused wherever material moves, and no command leads back. A claim carries
// the words that its model allows; only the three strictest speak of what is in the
// product.
//
// # What a claim says
//
// A claim keeps for each of its lines the quantity, the custody model and the
// characteristics, in which emissions, uptake and removals stand side by side. Its model
// is the loosest of its lines', its wording that model's, and its traceability the finest
// spatial key that all lines share: land unit, region or country. Under mass balance that
// is the region at best, for the material delivered need not come from the land unit;
// under book and claim there is none. The GHG Protocol Land Sector and Removals Standard
// counts identity preserved, segregated, controlled blending and, with safeguards, mass
// balance as ways to trace material to a sourcing region (we know summaries of it only,
// and not the safeguards). Credit that nobody will claim is cancelled, with a reason.
//
// # Who else may report what is claimed
//
// Inventories of scope 3 overlap by design: the miller, the baker and the brand each
// report the same tonne of wheat, every one at its own tier. (So we remember the GHG
// Protocol; we did not check its text.) The last of the chain, who holds the credit,
// claims it, and it is used up. Each tier before may then report what went through its
// hands: it names the claim and the lots that lead from it back to the one it handed on,
// each made of the next. The ledger follows them one by one, and at the end of such a
// path stands one organisation only: another at the same tier, or a buyer who never had
// the credit, is refused, and so is the same path a second time, and an organisation that
// has the tonne at a later tier already. Where lots were merged the quantity divides with
// what each gave, rounded down, in the mass of what was claimed, so that what a
// conversion makes of one tonne is not reported for each co-product anew. Book and claim
// has no such chain. A report stands and falls with its claim.
//
// # Corrections
//
// Nothing is deleted. What was booked wrongly is reversed by a new record that moves back
// exactly what the first one moved, material and credit, what it lost included, into the
// very lots that it came from; then it is booked again as it should have been, with its
// own documents. A reversal corrects the books: goods that travel back are dispatched
// back.
//
// It takes two. A received transfer is reversed by its parties: either proposes, the
// other confirms. Then the receiver gives back, and only then the sender takes in again,
// each in its own books; in between the credit is in transit and at nobody's disposal.
// Where the receiver confirms, it gives back with the same command. A proposal alone
// binds nobody, and inside one organisation nobody could confirm: such a transfer is
// dispatched back. A conversion, a merger, a downgrade, a claim and a cancellation have
// one party only, and a claim may already have been shown to somebody outside; so it
// takes the signed consent of a certifier that the consortium recognises, to reverse
// exactly that command. Decoupling is not reversed: there is no way back to material.
//
// A reversal is refused after as many days as the scheme's profile says, and a year where
// there is none (Rainforest Alliance), and once the stock moved on: every lot that the
// record created must be wholly unspent, and as much of the material be in stock as it
// brought in. What used them may be reversed first. Under the rolling average percentage
// method nothing of the product may have left since the period of what is reversed began,
// for what left carried the average of all that had come in.
//
// # Bounds on what comes in
//
// An introduction is bounded, cumulatively over all introductions on the same statement,
// by the quantity that the certifier verified and by the statement's area times the yield
// cap that the consortium adopted for the product and region. The certificate behind the
// statement must be valid on the business date and cover the custody model. What a
// certifier signs is therefore a ceiling, never an entry.
//
// Two further bounds reach over several statements. A certificate may carry a quota per
// product: all that is introduced under it, on whichever statement, stays within. And a
// statement may say of which land units its area is: a land unit has one size, the same
// for every certifier, and what is verified of it for one product and vintage, over all
// statements, certifiers and schemes, never exceeds that size. So a field that was
// certified once cannot be presented to a second certifier. A statement without parcels
// escapes this bound: the ledger then cannot see that two documents mean the same field.
// A crop that is harvested several times a year has one statement per vintage, and a
// yield cap per year.
//
// For a crop whose certified share has become implausible the consortium may adopt a
// limit per region and vintage: the statement that would pass it is refused. It counts
// the statements published while it holds.
//
// # Insetting projects
//
// A project says what is done on farms of the chain, for how long, who pays for it in
// what shares, and what it sets out to reach. A statement may name it; the product, the
// practice and the vintage must then be the project's. The name is one of the specified
// characteristics, so credit of a project never merges with other credit and shows in
// every lot, transfer and claim where its outcome went; what came in is summed up per
// project and site. To have paid is not to have credit: a funder claims the volume that
// it bought, like anybody else. The shares say how the funders may divide among them what
// others report of the project.
//
// # Several schemes, one volume
//
// A harvest certified under several schemes is one statement that names the further ones,
// each backed by a certificate of the site and product, and so one lot. A dispatch or
// claim may say under which of them it uses the lot; what is used under one is gone for
// the others from there on, at whichever site. Characteristics travel as one set, so no
// part of them is sold by itself.
//
// A profile may say how many units of book and claim an organisation may claim for one
// reporting year without being looked at. Beyond that a claim is refused until a
// certifier's signed audit, relayed by any trading member, says how far it may go. It is
// counted by what claimants report for themselves: whom they name as beneficiary is text
// to the ledger. A claim that is reversed stays counted.
//
// # Recall
//
// A suspension holds from its day on and leaves alone what moved before. A finding
// reaches back: a verification statement rests on fraud, all of it, and so does every
// kilogram that was introduced on it, wherever that is now. The statement's certifier
// signs the finding and any trading member relays it; where the certifier is in the fraud
// itself, a majority of the trading members adopts it. There is no finding against a part
// of a statement, and none is taken back.
//
// At once, nothing more is introduced on the statement, and lots that know it as their
// single origin (as introduced, or with their identity preserved) are refused by whatever
// would spend them.
//
// Lots made of several others form pools, by receipt, conversion or restatement. Here
// every lot knows its parents and what each gave, so the share of a pool that rests on
// the statement follows exactly, and each kilogram that left the pool carries the same
// share: what left with a buyer is not charged to the pool's holder once more, as it
// would be if the whole tainted credit were taken out of what is left. So nothing goes
// below zero, no site is blocked for what others hold, and what is found adds up to what
// came in. Tracing names such lots, parents first, and proves each by its parents. It
// freezes the share of what is left and marks claims with the quantity to be covered. It
// is for any trading member to do, and writes no lot, account or journal of the site, so
// a holder can neither hinder it nor be surprised by more than its lots carry. A lot that
// was not traced yet can still be spent; its share goes with it and is traced further on.
// What is spent of a lot after its share was frozen is clean of it, and is so recorded.
//
// Nobody needs to remember to trace. Every trading member's gateway does so as soon as it
// has read a finding, and for whatever is made of untraced lots later; members take
// turns, so that one works and the next steps in where it does not. A certification
// body's gateway, which cannot submit, shows what is untraced. Between finding and trace
// lie seconds, and no rule relies on there being fewer.
//
// Shares are rounded up to the gram at every step, so taint is never understated; grams
// by which one recall is rounded up may be those of a later one. Credit in transit is
// traced on arrival. Credit that was lost or cancelled before it was traced is neither
// frozen nor covered: nobody claims it.
//
// Frozen credit stays in its lot for ever: it is neither carried nor forfeited at the
// close of a period. A marked claim is covered by credit of the same product and scheme
// under a custody model no looser, put up by anybody who has it; this is a claim of its
// own that names the one it covers, and can be recalled in turn. The ledger keeps, per
// finding, what was introduced, found frozen, found claimed and covered; the claim
// itself, like all history, stays as it was. What touched a lot that was found tainted is
// not reversed any more; only a transfer that was given back already is booked in at the
// sender even so, and what is tainted of it is frozen there by the same record, as if it
// had never left. A finding gives back neither land nor quota.
//
// # Arithmetic
//
// A Quantity is kilograms with at most three decimals, never negative, held as whole grams.
// A Ratio is an exact fraction. Every multiplication by a fraction names its rounding,
// and credit always rounds down to the gram:
//
//   - Receipt and return: where less arrived than was attributed, each group of equal
//     characteristics and model keeps group × arrived ÷ attributed, rounded down. The
//     rest is recorded as loss. Where more arrived than was dispatched, up to
//     WeighingTolerance is accepted as material, and no credit comes of it.
//   - Conversion: each group of equal characteristics is shared out among the outputs as
//     the recipe says, rounded down. The proportion is the same for all groups. The rest
//     is recorded as conversion loss.
//   - Moisture: net weight × (1 − moisture) ÷ (1 − reference), rounded down.
//
// # Conversions
//
// A recipe is adopted by the majority like everything else in the common register. It
// names inputs and outputs, and for each output the greatest mass per mass of all inputs.
// It may bound the yield in all: a greatest yield, which lets one output grow at the cost
// of another, and a least, below which a run is refused because somebody must first
// explain where the rest went. It may bound which part of the whole a further input makes
// up. And it may declare components, such as the fat and the solids of milk, with what
// each product contains of them per mass; no run puts more of one into its outputs than
// was in its inputs. So the milk that butter would need and the milk that powder would
// need are never added up (CIRAD 1998), and neither can be had from milk that the other
// has used.
//
// How the outputs share the credit of the inputs is the recipe's too; under every rule no
// output is credited with more than its mass:
//
//   - proportional (where nothing else is said): group × output ÷ input, with the masses
//     as weighed, so credit cannot be moved into the more valuable co-product. Of several
//     inputs each gives the part that its mass has in the whole: 30 t of cocoa in 100 t
//     of chocolate are 30 t of credit.
//   - free: the command names the credit of each output, together at most credit × all
//     outputs ÷ all inputs, that is, after the loss (ISCC PLUS).
//   - fixed shares: each output gets its share and all outputs must be there, so 100 t of
//     liquor are 50 t of butter and 50 t of powder (UTZ 2018).
//   - any derivative: the command names the credits; together, each divided by its share,
//     they may take up the credit of the input (UTZ until 2017, and 82 % of cocoa beans
//     for any of their derivatives).
//
// Other than in proportion, what was under controlled blending goes on under mass
// balance, for its stated share would not be that of the output.
//
// Conversion goes forward only. The ledger keeps, for each product, what it can be made
// from and into at any remove, and refuses to adopt a recipe that makes something out of
// what is made from it. A lot never changes its product other than by a recipe.
//
// Where a product has a reference moisture, its books are in kilograms at that moisture,
// from the weighbridge on: introduce and take in keep the weight and the moisture of the
// ticket and book what they amount to. See moisture.go for why it is there and nowhere
// later.
//
// # Carbon
//
// Every kilogram of CO2e stands in one figure. PACT v3 contradicts itself: its schema
// counts fossil emissions of land management among the fossil ones, its examples add
// them; the examples are followed. The examples leave biogenic non-CO2 emissions out of
// both totals; here they count where they are given as a figure of their own. Totals,
// with and without biogenic uptake, are computed to be shown and are never stored;
// removals and leakage are in neither. Figures may carry the period that they are of, the
// share of primary data, and the last day on which they may be claimed, three years after
// that period at most.
//
// Figures change in two ways only, and always into a new set, which names the sets that
// it was derived from and says the same as these of everything but carbon. The ledger
// computes it and keeps it in the record; no certifier's set is altered. Postings name
// the set before and the set after, so I1 holds for each.
//
//   - Merger. As the profile of the scheme says, lots that differ in nothing but their
//     figures stay apart, or become one with the highest of each figure (ISCC), or with
//     the mean weighted by mass. Of removals the highest is the smallest. The merged set
//     has the longest reference period, the earliest end of validity and the least share
//     of primary data of all.
//   - Conversion, where the command states what the process emitted (fossil) or the
//     recipe says how emissions are allocated. The emissions of the attributed input and,
//     by mass, its part of the process's are shared among the outputs that are credited,
//     by the recipe's parts or else by their credit, and counted per kilogram. What is
//     lost takes nothing away. Otherwise credit keeps its set: the figures remain those
//     of a kilogram of raw material, as verified, and what is lost takes them with it. A
//     recipe that declares the parts (1 where there is one output) makes every run
//     compute.
//
// Every figure is rounded up at six decimals, so no emission is understated and no
// removal overstated.
//
// A baseline is what a kilogram of a product of a region emits on average, adopted by the
// majority with its source. A claim names, for each of its lines for which one is in
// force, its version, what the quantity would emit on average, what it emits by its own
// figures, and the difference, in kilograms of CO2e: all exact products, so nothing is
// rounded. These are of emissions alone; biogenic uptake, removals and leakage stand
// beside them and are netted with nothing. Figures that no conversion computed again are
// per kilogram of raw material, and are to be compared with a baseline that is. Output
// that nobody claimed has the residual (Residual), not the average, or what was claimed
// would be counted twice.
//
// # Results
//
// A command is accepted or refused with one Code of the closed list in Codes; where it
// breaks several rules, the earlier code is given. Refusals for want of a quantity carry
// the figures. A refused command changes nothing, does not touch its neighbours in a
// batch, and leaves its ID free to be used again. No figure that is kept can outgrow the
// form in which it is written: a sum that would is refused.
//
// # Protection
//
// Every command that moves a site's stock appends to the site's journal: its head holds
// the number and the hash of the latest entry, which covers all before it. Execute asks
// for the head to be guarded by the owner and for a transfer to be guarded by its sender
// and receiver, beside the majority of the trading members: once when they are made, and
// again when they are next written after the members changed. Dispatch writes only the
// sender's accounts and receive only the receiver's, so two organisations never contend
// for one value.
//
// # Checking
//
// Recount adds everything up again from the records and commands alone, in grams and with
// code of its own, and reports every breach of the invariants.
package massbalance
