fn main() -> std::process::ExitCode {
    pipe_handlers::programs::main(pipe_handlers::programs::jwt_authorizer())
}
