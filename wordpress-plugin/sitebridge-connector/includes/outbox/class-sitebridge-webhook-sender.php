<?php
/**
 * Sends one message.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Signs messages by Standard Webhooks and hands them to the client.
 *
 * @link https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
final class Sitebridge_Webhook_Sender {

	/**
	 * Seconds for one call: less than the deliverer's lease.
	 */
	const TIMEOUT = 10;

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Calls the server.
	 *
	 * @var Sitebridge_Server_Client
	 */
	private $client;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Settings      $settings The stored connection.
	 * @param Sitebridge_Server_Client $client   Calls the server.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Server_Client $client ) {
		$this->settings = $settings;
		$this->client   = $client;
	}

	/**
	 * Sends one message.
	 *
	 * @param object $row Its row.
	 * @return array See Sitebridge_Server_Client::post_webhook().
	 */
	public function send( $row ) {
		$stored    = $this->settings->all();
		$timestamp = (string) time();
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- as the specification wants the signature.
		$signature = base64_encode( hash_hmac( 'sha256', $row->webhook_id . '.' . $timestamp . '.' . $row->body, $stored['api_key'], true ) );

		return $this->client->post_webhook(
			$row->topic,
			$row->body,
			array(
				'X-Site-Id'         => (string) $stored['site_id'],
				'webhook-id'        => $row->webhook_id,
				'webhook-timestamp' => $timestamp,
				'webhook-signature' => 'v1,' . $signature,
			),
			self::TIMEOUT
		);
	}
}
