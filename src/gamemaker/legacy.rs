//! For hosts that pass nothing but doubles and strings, at most four of them mixed: GameMaker
//! extensions without the runner interface, `external_define`, scripting languages.

mod posted;
mod udp_target;
