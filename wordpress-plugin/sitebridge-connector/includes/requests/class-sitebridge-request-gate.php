<?php
/**
 * Decides whether a signed request comes in.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Judges the current request once: WordPress asks several times, but a nonce is used up by the first.
 */
final class Sitebridge_Request_Gate {

	/**
	 * How far a request's time may be from ours, in seconds.
	 */
	const TOLERANCE = 300;

	/**
	 * The current request.
	 *
	 * @var Sitebridge_Signed_Request
	 */
	private $request;

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * The nonces that were used.
	 *
	 * @var Sitebridge_Nonce_Store
	 */
	private $nonces;

	/**
	 * What was decided: a user or the reason against it.
	 *
	 * @var WP_User|WP_Error|null
	 */
	private $verdict = null;

	/**
	 * The operation that a part of the current request was said to be.
	 *
	 * @var string|null
	 */
	private $named_operation = null;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Signed_Request $request  The current request.
	 * @param Sitebridge_Settings       $settings The stored connection.
	 * @param Sitebridge_Nonce_Store    $nonces   The nonces that were used.
	 */
	public function __construct( Sitebridge_Signed_Request $request, Sitebridge_Settings $settings, Sitebridge_Nonce_Store $nonces ) {
		$this->request  = $request;
		$this->settings = $settings;
		$this->nonces   = $nonces;
	}

	/**
	 * The current request.
	 *
	 * @return Sitebridge_Signed_Request
	 */
	public function request() {
		return $this->request;
	}

	/**
	 * The decision about the current request.
	 *
	 * @return WP_User|WP_Error The mapped user, or why the request does not come in.
	 */
	public function verdict() {
		if ( null === $this->verdict ) {
			$this->verdict = $this->judge();
		}

		return $this->verdict;
	}

	/**
	 * The server's operation that makes the changes of the current request.
	 *
	 * @return string|null '' when a person or WordPress itself makes them; null when the server makes
	 *                     them without naming an operation, so that nobody could tell them from others.
	 */
	public function operation() {
		if ( null !== $this->named_operation ) {
			return $this->named_operation;
		}
		if ( ! $this->request->is_signed() || ! $this->request->is_rest() || ! $this->verdict() instanceof WP_User ) {
			return '';
		}

		return 1 === preg_match( '/^[\x21-\x7e]{1,200}$/D', $this->request->operation ) ? $this->request->operation : null;
	}

	/**
	 * Does a part of the current request that is an operation of its own, as each write of a batch is.
	 *
	 * @param string   $op_id The server's operation.
	 * @param callable $work  What to do.
	 * @return mixed What that gives.
	 */
	public function within_operation( $op_id, $work ) {
		$outer                 = $this->named_operation;
		$this->named_operation = $op_id;
		try {
			return $work();
		} finally {
			$this->named_operation = $outer;
		}
	}

	/**
	 * A refusal as WordPress renders it.
	 *
	 * @param string $code    One of the codes that the server knows.
	 * @param string $message What it means.
	 * @param int    $status  HTTP status.
	 * @param array  $data    More to tell.
	 * @return WP_Error
	 */
	public static function refusal( $code, $message, $status, array $data = array() ) {
		$data['status']         = $status;
		$data['plugin_version'] = SITEBRIDGE_CONNECTOR_VERSION;

		return new WP_Error( $code, $message, $data );
	}

	/**
	 * Judges. The signature comes before everything that answers differently by what is stored, so that
	 * someone without the key learns nothing, and before the nonce is stored, so that they fill no table.
	 *
	 * @return WP_User|WP_Error
	 */
	private function judge() {
		if ( ! $this->request->is_signed() ) {
			return self::refusal( 'sitebridge_signature_missing', __( 'This address answers only signed requests of the Sitebridge server.', 'sitebridge-connector' ), 401 );
		}
		$stored = $this->settings->all();
		if ( '' === $stored['api_key'] ) {
			return self::refusal( 'sitebridge_not_configured', __( 'The Sitebridge Connector is not connected: no site key is stored.', 'sitebridge-connector' ), 401 );
		}
		if ( ! $this->request->is_signed_with( $stored['api_key'] ) ) {
			return self::refusal( 'sitebridge_bad_signature', __( 'The signature is not made with the key that is stored here.', 'sitebridge-connector' ), 401 );
		}
		$now  = time();
		$time = $this->request->time();
		if ( null === $time || abs( $now - $time ) > self::TOLERANCE ) {
			return self::refusal( 'sitebridge_timestamp_out_of_range', __( 'The time of the request is more than five minutes from the time of this site.', 'sitebridge-connector' ), 401, array( 'server_time' => $now ) );
		}
		if ( (string) $stored['site_id'] !== $this->request->site ) {
			return self::refusal( 'sitebridge_site_mismatch', __( 'The request is for another site.', 'sitebridge-connector' ), 403 );
		}
		$claimed = $this->nonces->claim( $this->request->nonce, $time + self::TOLERANCE + 60 );
		if ( null === $claimed ) {
			return self::refusal( 'sitebridge_nonce_store_failed', __( 'The nonce of the request could not be stored in the database.', 'sitebridge-connector' ), 500 );
		}
		if ( ! $claimed ) {
			return self::refusal( 'sitebridge_nonce_replayed', __( 'A request with this nonce was answered before.', 'sitebridge-connector' ), 401 );
		}
		$user = Sitebridge_Mapped_User::find( $stored['user_id'] );
		if ( null === $user ) {
			return self::refusal( 'sitebridge_user_invalid', __( 'The WordPress user that requests should act as is gone. Choose another under Settings > Sitebridge.', 'sitebridge-connector' ), 403 );
		}

		Sitebridge_Server::speaks( $this->request->server, $stored['site_id'] );

		return $user;
	}
}
