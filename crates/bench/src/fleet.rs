//! The imaginary fleet that the telemetry comes from: a shop of twenty services.

use crate::rng::Rng;
use crate::writer::Value::{Int, Text};
use crate::writer::{Writer, attributes};

/// A service and what it does.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// `service.name`, and its host name.
    pub name: &'static str,
    /// `telemetry.sdk.language`.
    pub language: &'static str,
    /// The route it serves.
    pub route: &'static str,
    /// The table it keeps.
    pub table: &'static str,
    /// A function in it.
    pub function: &'static str,
}

const fn service(
    name: &'static str,
    language: &'static str,
    route: &'static str,
    table: &'static str,
    function: &'static str,
) -> Service {
    Service { name, language, route, table, function }
}

/// Every service.
pub static SERVICES: [Service; 20] = [
    service("accounting", "dotnet", "/ledger/{id}", "ledger_entries", "Ledger.PostEntry"),
    service("ads", "java", "/api/ads/{id}", "campaigns", "AdService.selectAds"),
    service("auth", "go", "/oauth2/token/{id}", "sessions", "auth.VerifyToken"),
    service("cart", "dotnet", "/api/cart/{id}", "carts", "CartStore.AddItem"),
    service("catalog", "go", "/api/products/{id}", "products", "catalog.LoadProduct"),
    service("checkout", "go", "/api/checkout/{id}", "orders", "checkout.PlaceOrder"),
    service("currency", "cpp", "/rates/{id}", "rates", "CurrencyService::Convert"),
    service("email", "ruby", "/send/{id}", "outbox", "Mailer#deliver"),
    service("fraud-detection", "java", "/score/{id}", "verdicts", "FraudModel.score"),
    service("frontend", "nodejs", "/shop/{id}", "page_cache", "renderProductPage"),
    service("gateway", "rust", "/v1/{id}", "routes", "gateway::route::resolve"),
    service("images", "go", "/images/{id}", "thumbnails", "images.Resize"),
    service("inventory", "java", "/stock/{id}", "stock_levels", "Inventory.reserve"),
    service("notifications", "python", "/notify/{id}", "subscriptions", "notify.fan_out"),
    service("payment", "nodejs", "/charge/{id}", "transactions", "chargeCard"),
    service("quotes", "php", "/quote/{id}", "tariffs", "QuoteController::calculate"),
    service("recommendation", "python", "/recommend/{id}", "features", "rank_candidates"),
    service("reviews", "ruby", "/reviews/{id}", "reviews", "Review#publish"),
    service("search", "rust", "/search/{id}", "search_index", "search::query::execute"),
    service("shipping", "rust", "/track/{id}", "parcels", "shipping::label::print"),
];

/// Instances of each service.
const REPLICAS: u64 = 3;

/// Names of customers, not all of them ASCII.
pub const CUSTOMERS: &[&str] = &[
    "ada", "benoît", "chen", "dmitri", "elif", "fatima", "grace", "hiroshi", "inés", "jürgen",
    "kofi", "lars", "mei 美", "noor", "olga", "priya", "quentin", "rosa", "søren", "tomás",
];

/// The number of a random instance.
pub fn instance(rng: &mut Rng) -> u64 {
    rng.below(SERVICES.len() as u64 * REPLICAS)
}

/// The service of an instance.
pub fn service_of(instance: u64) -> &'static Service {
    &SERVICES[(instance / REPLICAS) as usize % SERVICES.len()]
}

/// Writes the `Resource` of an instance, with eight attributes.
pub fn resource<W: Writer>(w: &mut W, instance: u64) {
    let service = service_of(instance);
    // A generator of its own: an instance has the same resource in every request.
    let mut rng = Rng::new(instance);
    let id = uuid(rng.bits(), rng.bits());
    let pod = format!("{}-{:08x}-{:05x}", service.name, rng.bits() as u32, rng.below(1 << 20));
    let version = format!("{}.{}.{}", rng.between(1, 4), rng.below(20), rng.below(10));
    w.message(1, "resource", |w| {
        let values = [
            ("service.name", Text(service.name)),
            ("service.namespace", Text("shop")),
            ("service.version", Text(&version)),
            ("service.instance.id", Text(&id)),
            ("deployment.environment.name", Text("production")),
            ("k8s.pod.name", Text(&pod)),
            ("process.pid", Int(rng.between(2, 40_000) as i64)),
            ("telemetry.sdk.language", Text(service.language)),
        ];
        attributes(w, 1, "attributes", &values);
    });
}

/// Writes the `InstrumentationScope` of a library.
pub fn scope<W: Writer>(w: &mut W, name: &str, version: &str) {
    w.message(1, "scope", |w| {
        w.string(1, "name", name);
        w.string(2, "version", version);
    });
}

/// A UUID from 128 bits.
pub fn uuid(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// A private address.
pub fn address(rng: &mut Rng) -> String {
    format!("10.{}.{}.{}", rng.below(4), rng.below(256), rng.between(1, 254))
}
