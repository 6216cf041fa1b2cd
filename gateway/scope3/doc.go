// Package scope3 makes a brand's report of what it bought in a year: scope 3,
// category 1, purchased goods. It is a fold over the read model and stores
// nothing.
//
// What came in at the organisation's own sites from others, by product and
// supplier, is the volume. The part of it that the organisation claimed for the
// year counts at the claim's own figures; the rest counts at the residual of its
// product and region, or at the adopted average where no residual can be told, and
// where no average was adopted it is listed without a factor, because a figure
// that nobody adopted is not to be made up. Claims are followed back through the
// organisation's own conversions to what was bought, so that a tonne is counted
// once, whichever product it was claimed as.
//
// Emissions, land-use change and removals stand side by side, gross, as the Land
// Sector and Removals Standard asks (as far as summaries of it tell); each line
// says its custody model and how near to the land it is traced, and names the
// claim that it opens to.
//
// Compare divides the change between two years into what comes from more or less
// volume, from another mix of products and suppliers, and from better or worse
// supply of each. The three add up to the change exactly: everything is computed
// in fractions and rounded only when it is written, half away from zero at three
// decimals of a kilogram.
package scope3
